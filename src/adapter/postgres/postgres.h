/* The store over PostgreSQL, for nodes whose database is run by those who run databases. The same contract as the embedded one. */
#ifndef ADAPTER_POSTGRES_H
#define ADAPTER_POSTGRES_H

#include "port/store.h"

/* conninfo as libpq reads it ("host=/run/postgresql dbname=entente"). Makes its tables in the schema that the connection finds first;
 * one node a database: a second that writes is ENT_BUSY. Rows are sealed before they get here, and a destroyed row's key is gone
 * whatever the database's write-ahead log and its replicas keep. ENT_IO when the server cannot be reached. */
ENT_MUST_CHECK ent_code ent_postgres_store(const char *conninfo, ent_store *ret_store, ent_err *err);

#endif
