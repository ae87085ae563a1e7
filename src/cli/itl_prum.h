/* A Prüm search (2008/616/JHA, annex, chapter 2) out of images of fingers, for `itl pack --domain prum`. */
#ifndef CLI_ITL_PRUM_H
#define CLI_ITL_PRUM_H

#include "base/buf.h"
#include "cli/cli.h"

typedef struct ent_prum_search {
    const ent_cli *cli;
    const char *tot;        /* CPS (against prints) or PMS (against unsolved latents) */
    const char *dai, *ori;  /* "DE/BKA" */
    const char *tcn;        /* YYSSSSSSSSA */
    const char *case_number, *candidates; /* 2.007, 2.320 */
    uint32_t first_finger;  /* position of the first image, 0 unknown; they follow one another */
    const char *date;       /* YYYYMMDD */
} ent_prum_search;

/* A TCN of the date's year and a serial number below 10^8, with its check character (appendix 2). */
void ent_itl_prum_tcn(const char *date, uint32_t serial, char ret_tcn[16]);
/* Version 0300; each image a Type-4 record, WSQ at 500 pixels an inch: files of it go in byte for byte, others are
 * compressed. ENT_UNSUPPORTED for an image of another resolution, ENT_TOO_LARGE for more than 14. */
ENT_MUST_CHECK ent_code ent_itl_pack_prum(const ent_prum_search *s, char **images, int count, ent_buf *ret, ent_err *err);

#endif
