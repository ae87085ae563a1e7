#include "cli/cli.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void print_help(const ent_cmd_help *help, const ent_opt *opts)
{
    printf("usage: entente [--node DIR] %s\n\n%s\n", help->usage, help->about);
    if (opts->name) printf("\noptions:\n");
    for (const ent_opt *o = opts; o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", o->name, o->hint ? " " : "", o->hint ? o->hint : "");
        printf("  %-28s %s\n", left, o->help);
    }
    printf("  %-28s %s\n", "--json", "print one JSON object");
    if (help->example) printf("\nexample:\n  %s\n", help->example);
}

ent_code ent_cli_options(const ent_cmd_help *help, const ent_opt *opts, int argc, char **argv, int *ret_operands)
{
    int operands = 0;
    bool ended = false;
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];
        if (ended || word[0] != '-' || !word[1]) {
            argv[operands++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            ended = true;
            continue;
        }
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            print_help(help, opts);
            return ENT_NO_HIT;
        }
        char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
        size_t len = equals ? (size_t)(equals - word) : strlen(word);
        const ent_opt *o = opts;
        while (o->name && (strncmp(o->name, word, len) != 0 || o->name[len])) o++;
        if (!o->name) {
            ent_cli_usage(help, "unknown option %s", word);
            return ENT_USAGE;
        }
        if (o->flag && !equals) {
            *o->flag = true;
        } else if ((o->value || (o->words && o->words->count < ENT_CLI_WORDS)) && (equals || i + 1 < argc)) {
            *(o->value ? o->value : &o->words->at[o->words->count++]) = equals ? equals + 1 : argv[++i];
        } else {
            ent_cli_usage(help, "%s %s", o->name, o->flag ? "takes no argument" : o->words && o->words->count == ENT_CLI_WORDS ? "is named too often" : "needs an argument");
            return ENT_USAGE;
        }
    }
    *ret_operands = operands;
    return ENT_OK;
}

int ent_cli_usage(const ent_cmd_help *help, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "entente: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nusage: entente [--node DIR] %s   (--help tells more)\n", help->usage);
    va_end(args);
    return ent_code_exit(ENT_USAGE);
}

static void put_escaped(FILE *out, void (*escape)(ent_buf *b, const char *text), const char *text)
{
    ENT_AUTO_BUF b = ENT_BUF(SIZE_MAX);
    escape(&b, text);
    fputs(ent_buf_cstr(&b), out);
}

void ent_cli_json_string(FILE *out, const char *text)
{
    put_escaped(out, ent_json_text, text);
}

void ent_cli_html_text(FILE *out, const char *text)
{
    put_escaped(out, ent_html_text, text);
}

int ent_cli_error(const ent_cli *cli, const ent_err *err)
{
    if (cli->json) {
        printf("{\"error\":");
        ent_cli_json_string(stdout, ent_code_name(err->code));
        printf(",\"detail\":");
        ent_cli_json_string(stdout, err->detail);
        printf("}\n");
    } else {
        fprintf(stderr, "entente: %s: %s\n", ent_code_text(err->code), err->detail);
    }
    return ent_code_exit(err->code);
}

void ent_cli_progress(const char *what, size_t done, size_t total)
{
    static struct timespec last;
    struct timespec now;
    if (!isatty(STDERR_FILENO)) return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double since = (double)(now.tv_sec - last.tv_sec) + 1e-9 * (double)(now.tv_nsec - last.tv_nsec);
    if (done < total && since < 0.1) return;
    last = now;
    int filled = total ? (int)(40.0 * (double)done / (double)total) : 40;
    fprintf(stderr, "\r%s [%.*s%*s] %zu/%zu%s", what, filled, "########################################", 40 - filled, "", done,
            total, done >= total ? "\n" : "");
}

static void list_commands(const ent_command *commands)
{
    for (const ent_command *c = commands; c->name; c++) printf("  %-14s %s\n", c->name, c->about);
}

int ent_cli_group(ent_cli *cli, const char *group, const char *about, const ent_command *commands, int argc, char **argv)
{
    bool help = argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "help") == 0);
    if (help) {
        printf("usage: entente [--node DIR] %s COMMAND …\n\n%s\n\ncommands:\n", group, about);
        list_commands(commands);
        printf("\n`entente %s COMMAND --help` tells more of each.\n", group);
        return 0;
    }
    for (const ent_command *c = commands; argc > 0 && c->name; c++)
        if (strcmp(argv[0], c->name) == 0) return c->run(cli, argc - 1, argv + 1);
    fprintf(stderr, "entente: %s %s\n", group, argc > 0 ? "has no such command; it has:" : "needs a command; it has:");
    for (const ent_command *c = commands; c->name; c++) fprintf(stderr, "  %-14s %s\n", c->name, c->about);
    return ent_code_exit(ENT_USAGE);
}
