/* Code tables of ANSI/NIST-ITL 1-2011 Update 2015 that several fields use, as lists for ent_itl_value_in. */
#include "itl/rules.h"

/* Table 8: friction ridge positions; 51 to 54, 85 and 86 since 2013. */
const char ent_itl_codes_fgp[] = "0..38|40..54|60..79|81..86";
const char ent_itl_codes_palm[] = "20..38|81..86";

/* Table 59: subject facial description. */
const char ent_itl_codes_sxs[] =
    "BEARD|BLINK|CLEAR GLASSES|DARK GLASSES|DISTORTING CONDITION|EYES AWAY|FROWNING|HAT|LEFT EYE PATCH|MOUSTACHE|MOUTH OPEN|NEUTRAL|NO EAR|RAISED BROWS|"
    "RIGHT EYE PATCH|SCARF|SMILE|SQUINTING|TEETH VISIBLE|UNKNOWN";

/* Table 32 and 34: eye and hair colours. */
const char ent_itl_codes_eye[] = "BLK|BLU|BRO|GRN|GRY|HAZ|MAR|MUL|PNK|XXX";
const char ent_itl_codes_hair[] = "BAL|BLK|BLN|BLU|BRO|GRN|GRY|ONG|PLE|PNK|RED|SDY|STR|WHI|XXX";

/* Table 6: geodetic datums. */
const char ent_itl_codes_datum[] =
    "AIRY|AUST|BES|BESN|CLK66|CLK80|EVER|FIS60|FIS68|GRS67|HELM|HOUG|INT|KRAS|AIRYM|EVERM|FIS60M|SA69|WGS60|WGS66|WGS72|WGS84";

/* MPEG-4 facial feature points (ISO/IEC 14496-2) and anthropometric landmarks (tables 64 and 65). */
const char ent_itl_codes_mpeg4[] =
    "2.1|2.2|2.3|2.4|2.5|2.6|2.7|2.8|2.9|2.10|2.11|2.12|2.13|2.14|2.15|2.16|3.1|3.2|3.3|3.4|3.5|3.6|3.7|3.8|3.9|3.10|3.11|3.12|3.13|3.14|4.1|4.2|4.3|4.4|"
    "4.5|4.6|5.1|5.2|5.3|5.4|6.1|6.2|6.3|6.4|7.1|8.1|8.2|8.3|8.4|8.5|8.6|8.7|8.8|8.9|8.10|9.1|9.2|9.3|9.4|9.5|9.6|9.7|9.8|9.9|9.10|9.11|9.12|9.13|9.14|"
    "9.15|10.1|10.2|10.3|10.4|10.5|10.6|10.7|10.8|10.9|10.10|11.1|11.2|11.3|11.4|11.5|11.6|12.1|12.2|12.3|12.4";
const char ent_itl_codes_landmark[] =
    "ac|al|cdl|ch|cph|en|eu|ex|ft|g|gn|go|li|ls|mf|n|obi|obs|op|or|os|p|pa|pg|pi|po|pra|prn|ps|sa|sba|sbal|sci|se|sl|sn|sto|t|tr|v|zy";
