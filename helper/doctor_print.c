/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/base.h"
#include "conf/diag.h"
#include "helper/doctor.h"
#include "helper/json.h"

#define INDENT "    "

/* All texts may have words of others in them. */
static void print_finding(const struct doctor_finding *f, FILE *out)
{
	const struct doctor_kind_info *kind = &doctor_kinds[f->kind];

	if (f->file)
		diag_put_visible(out, f->file);
	if (f->file && f->line)
		fprintf(out, ":%u", f->line);
	if (f->file)
		fputs(": ", out);
	fprintf(out, "%s: ", doctor_severities[kind->severity]);
	diag_put_visible(out, f->text ? f->text : "");
	fprintf(out, " [%s]\n" INDENT "%s\n", kind->name, kind->means);
	if (f->mend) {
		fputs(INDENT "mend: ", out);
		diag_put_visible(out, f->mend);
		fputc('\n', out);
	}
}

static void print_counts(const struct doctor *doctor, FILE *out)
{
	for (unsigned i = 0; i < N_DOCTOR_SEVERITIES; i++) {
		size_t n = doctor_count(doctor, i);

		fprintf(out, "%s%zu %s%s", i ? ", " : "", n, doctor_severities[i],
			n == 1 ? "" : "s");
	}
	fputc('\n', out);
}

void doctor_print(const struct doctor *doctor, FILE *out)
{
	for (unsigned severity = 0; severity < N_DOCTOR_SEVERITIES; severity++)
		for (size_t i = 0; i < doctor->n_findings; i++)
			if (doctor_kinds[doctor->findings[i].kind].severity == severity)
				print_finding(&doctor->findings[i], out);
	if (doctor->n_findings)
		print_counts(doctor, out);
	else if (!doctor->n_unseen)
		fputs("nothing is wrong\n", out);
}

static void put_finding(struct json *j, const struct doctor_finding *f)
{
	const struct doctor_kind_info *kind = &doctor_kinds[f->kind];

	json_open(j, NULL, '{');
	json_string(j, "id", kind->name);
	json_string(j, "severity", doctor_severities[kind->severity]);
	json_string(j, "file", f->file);
	if (f->file && f->line)
		json_unsigned(j, "line", f->line);
	else
		json_null(j, "line");
	json_string(j, "text", f->text);
	json_string(j, "means", kind->means);
	json_string(j, "mend", f->mend);
	json_string(j, "user", f->user);
	json_open(j, "pids", '[');
	for (size_t i = 0; i < f->n_pids; i++)
		json_unsigned(j, NULL, (uint64_t)f->pids[i]);
	json_close(j);
	json_close(j);
}

void doctor_print_json(const struct doctor *doctor, FILE *out)
{
	struct json j = json_start(out);

	json_open(&j, NULL, '{');
	json_open(&j, "findings", '[');
	for (unsigned severity = 0; severity < N_DOCTOR_SEVERITIES; severity++)
		for (size_t i = 0; i < doctor->n_findings; i++)
			if (doctor_kinds[doctor->findings[i].kind].severity == severity)
				put_finding(&j, &doctor->findings[i]);
	json_close(&j);
	json_unsigned(&j, "errors", doctor_count(doctor, DOCTOR_ERROR));
	json_unsigned(&j, "warnings", doctor_count(doctor, DOCTOR_WARNING));
	json_unsigned(&j, "notes", doctor_count(doctor, DOCTOR_NOTE));
	json_open(&j, "unseen", '[');
	for (size_t i = 0; i < doctor->n_unseen; i++)
		json_string(&j, NULL, doctor->unseen[i]);
	json_close(&j);
	json_close(&j);
	json_end(&j);
}
