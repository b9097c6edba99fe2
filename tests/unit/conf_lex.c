/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/lex.h"
#include "tests/tap.h"

static const char *const names[] = {
	[TOKEN_WORD] = "word",  [TOKEN_OPEN] = "{",  [TOKEN_CLOSE] = "}",
	[TOKEN_NEWLINE] = "nl", [TOKEN_END] = "end", [TOKEN_BAD] = "bad",
};

/* "word:1:5:3" for each token: line, column, length. */
static void lex_all(const char *text, size_t length, char *result, size_t size)
{
	struct lexer lex;
	struct token token;
	size_t n = 0;

	lex_init(&lex, text, length);
	do {
		lex_next(&lex, &token);
		n += (size_t)snprintf(result + n, size - n, "%s%s:%u:%u:%zu", n ? " " : "",
				      names[token.kind], token.line, token.column, token.length);
	} while (token.kind != TOKEN_END && n < size);
}

#define LEX(text, want)                                            \
	do {                                                       \
		char got[512];                                     \
                                                                   \
		lex_all(text, sizeof(text) - 1, got, sizeof(got)); \
		is_str(got, want, "tokens of %s", #text);          \
	} while (0)

static void test_positions(void)
{
	LEX("", "end:1:1:0");
	LEX("set  linger\t10m", "word:1:1:3 word:1:6:6 word:1:13:3 end:1:16:0");
	LEX("\n a\n\n b", "nl:1:1:1 word:2:2:1 nl:2:3:1 nl:3:1:1 word:4:2:1 end:4:3:0");
	LEX("a{b }", "word:1:1:1 {:1:2:1 word:1:3:1 }:1:5:1 end:1:6:0");
	LEX("{{}}", "{:1:1:1 {:1:2:1 }:1:3:1 }:1:4:1 end:1:5:0");
}

static void test_comments(void)
{
	LEX("# all\nb", "nl:1:6:1 word:2:1:1 end:2:2:0");
	LEX("a#b {\n", "word:1:1:1 nl:1:6:1 end:2:1:0");
	LEX("a # x \\\nb", "word:1:1:1 nl:1:8:1 word:2:1:1 end:2:2:0");
	LEX("# \xc3\xa4\ta", "end:1:7:0");
}

static void test_continuation(void)
{
	LEX("a \\\n b", "word:1:1:1 word:2:2:1 end:2:3:0");
	LEX("a\\\nb", "word:1:1:1 word:2:1:1 end:2:2:0");
	LEX("a \\\r\nb", "word:1:1:1 word:2:1:1 end:2:2:0");
	LEX("\\\n\\\n", "end:3:1:0");
	LEX("a \\ \nb", "word:1:1:1 bad:1:3:1 nl:1:5:1 word:2:1:1 end:2:2:0");
	LEX("a \\", "word:1:1:1 bad:1:3:1 end:1:4:0");
	LEX("a\\b\nc", "bad:1:2:1 nl:1:4:1 word:2:1:1 end:2:2:0");
}

static void test_bytes(void)
{
	LEX("a \0 b\nc", "word:1:1:1 bad:1:3:1 nl:1:6:1 word:2:1:1 end:2:2:0");
	LEX("ab\033[2J", "bad:1:3:1 end:1:7:0");
	LEX("# a\001b\nc", "bad:1:4:1 nl:1:6:1 word:2:1:1 end:2:2:0");
	LEX("a\177", "bad:1:2:1 end:1:3:0");
	LEX("a \xc2\xa0 b", "word:1:1:1 bad:1:3:1 end:1:7:0");
	LEX("a\rb", "bad:1:2:1 end:1:4:0");
}

static void test_crlf(void)
{
	struct token token;

	LEX("a\r\nb\r\n", "word:1:1:1 nl:1:2:2 word:2:1:1 nl:2:2:2 end:3:1:0");
	ok(!lex_find_crlf("a\n\rb\r", 5, &token), "CR alone is no CR LF");
	ok(lex_find_crlf("a\nbc\r\nd\r\n", 9, &token), "CR LF is found");
	is_int(token.line, 2, "in the second line");
	is_int(token.column, 3, "behind its two letters");
}

static void test_parts(void)
{
	struct lexer lex;
	struct token token, part;

	lex_init(&lex, "set alice,bob", 13);
	lex_next(&lex, &token);
	ok(token_is(&token, "set"), "a word is itself");
	ok(!token_is(&token, "se") && !token_is(&token, "sets"), "and not a longer or shorter one");
	lex_next(&lex, &token);
	part = token_cut(&token, 6, 3);
	ok(token_is(&part, "bob"), "a part of a word");
	is_int(part.column, 11, "has its own column");
	lex_next(&lex, &token);
	lex_next(&lex, &token);
	is_int(token.kind, TOKEN_END, "the end comes again");
}

int main(void)
{
	test_positions();
	test_comments();
	test_continuation();
	test_bytes();
	test_crlf();
	test_parts();
	return done_testing();
}
