/* `entente-witness COMMAND …`: the observer's program. */
#include "cli/witness.h"

#include <string.h>

int main(int argc, char **argv)
{
    ent_cli cli = {.program = argv[0], .node = ""};
    int n = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) cli.json = true;
        else argv[n++] = argv[i];
    }
    if (n == 1 && strcmp(argv[0], "--version") == 0) {
        printf("entente-witness %s\n", ENT_VERSION);
        return 0;
    }
    return ent_cmd_witness(&cli, n, argv);
}
