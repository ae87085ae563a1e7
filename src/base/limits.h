/* Every limit of the program: sizes in bytes unless the name says otherwise, times in milliseconds. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum ent_limits {
    /* images */
    ENT_LIMIT_IMAGE_SIDE = 16384,           /* pixels */
    ENT_LIMIT_IMAGE_PIXELS = 64 << 20,      /* pixels: a 1000 ppi palm fits */
    ENT_LIMIT_IMAGE_FILE = 64 << 20,
    ENT_LIMIT_IMAGE_COMMENTS = 256 << 10,   /* of one image, together */
    ENT_LIMIT_IMAGE_CHUNK = 8 << 20,        /* what one part of a PNG may ask for at once */
    /* fingerprints */
    ENT_LIMIT_MINUTIAE = 255,               /* ISO/IEC 19794-2 counts them in one byte */
    ENT_LIMIT_PRINT_SIDE = 4096,            /* pixels, after resampling to 500 ppi */
    /* faces */
    ENT_LIMIT_FACE_NETWORK = 256 << 20,     /* one network file */
    /* transactions */
    ENT_LIMIT_ITL_FILE = 64 << 20,
    ENT_LIMIT_ITL_RECORDS = 1024,
    ENT_LIMIT_ITL_FIELDS = 1000,            /* fields a record; FF is three digits */
    ENT_LIMIT_ITL_ITEMS = 1 << 20,          /* information items a transaction */
    ENT_LIMIT_ITL_XML_ITEMS = 1 << 15,      /* information items a field that becomes XML */
    ENT_LIMIT_ITL_FAULTS = 1000,            /* faults that a check tells */
    /* law texts */
    ENT_LIMIT_YAML_FILE = 1 << 20,
    ENT_LIMIT_YAML_DEPTH = 8,
    ENT_LIMIT_YAML_KEYS = 256,              /* keys of one map */
    ENT_LIMIT_YAML_NODES = 20000,           /* values in one file */
    ENT_LIMIT_AGREEMENT_VERSIONS = 16,      /* of one agreement that wait for the other party or their day */
    /* exchange */
    ENT_LIMIT_BODY = 16 << 20,              /* one request's body */
    ENT_LIMIT_HEADERS = 32 << 10,
    ENT_LIMIT_CONNECTIONS = 512,
    ENT_LIMIT_CONNECTIONS_PER_ADDRESS = 64,
    ENT_LIMIT_LINES = 48,                   /* a node's own to one partner: room for those that are just ending */
    ENT_LIMIT_CONNECTION_IDLE_MS = 5000,
    ENT_LIMIT_CLOCK_SKEW_MS = 60000,        /* a signature's `created` may be this far off */
    ENT_LIMIT_WAIT_S = 60,                  /* at most so long a request is kept waiting before 202, whatever it prefers */
    ENT_LIMIT_JOB_MS = 300000,              /* from a search's arrival: so long it can be asked after */
    ENT_LIMIT_CAPTURE_AGE_MS = 900000,      /* 15 minutes: a desk's capture is searched in this time */
    ENT_LIMIT_PROBE_KEPT_MS = 172800000,    /* 48 hours: the most that the probe of a hit is kept */
    /* ledger */
    ENT_LIMIT_LEDGER_ENTRY = 256,           /* every entry has this size */
    ENT_LIMIT_SHARDS = 128,                 /* years of one ledger */
    ENT_LIMIT_PROOF = 64,                   /* hashes in a Merkle proof */
    /* sandbox */
    ENT_LIMIT_DECODE_MS = 4000,             /* processor time, whole seconds; a tenprint card takes about half a second */
    ENT_LIMIT_DECODE_WALL_MS = 12000,       /* for one that sleeps: a busy machine shall refuse nobody */
    ENT_LIMIT_DECODE_MEMORY = 512 << 20,
    /* keys and their standby */
    ENT_LIMIT_SLOTS = 1 << 24,              /* of a node: 4 GiB a file, 2 GiB of memory */
    ENT_LIMIT_STANDBY_FRAME = 2 << 20,
    ENT_LIMIT_ASIDE_PIECES = 256,           /* of a MiB: what the standby keeps of one held record */
    ENT_LIMIT_STANDBY_WAIT_MS = 20000,      /* for one answer */
    /* memory that is locked and kept from dumps */
    ENT_LIMIT_ARENA = 64 << 20,
};

#endif
