/* Domains: tables of their own fields beside the standard's. */
#include "itl/check.h"

#include <string.h>

ent_code ent_itl_check_domain(ent_itl_checking *c, ent_err *err)
{
    if (strcmp(c->options->domain, "auto") == 0) return ENT_OK;
    return ent_fail(err, ENT_NOT_FOUND, "no domain \"%s\" is known", c->options->domain);
}
