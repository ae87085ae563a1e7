/* An item's text as ANSI/NIST-ITL writes it and as XML does. Private to the folder. */
#ifndef ADAPTER_XML_CONVERT_H
#define ADAPTER_XML_CONVERT_H

#include "base/buf.h"

#include <stdbool.h>

/* Forms (ent_xml_row): 0 as it stands; d a date; g a GMT; b bytes in base 64; y "Y" as true; f "S" as true, "U" as false; v "1" as true,
 * "0" as false; h hexadecimal digits without zeros in front, which are eight of them again;  * M, m the first and the last two digits; 1, 2 the first and the last day of a range, D a day that is only read. The other forms are export.c's and import.c's own.
 * False: the text has not that form, and nothing was put. */
bool ent_xml_to(char form, const uint8_t *text, size_t n, ent_buf *ret);
/* The other way round; the text is UTF-8 (or, form b, base 64 with white space). */
bool ent_xml_from(char form, const char *text, ent_buf *ret);

#endif
