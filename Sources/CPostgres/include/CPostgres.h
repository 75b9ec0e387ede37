#ifndef CPOSTGRES_H
#define CPOSTGRES_H

#include <postgresql/libpq-fe.h>
#include <stdbool.h>

// The functions of libpq that the store needs. libpq is loaded when it is first used: it depends on some twenty
// shared libraries, which a daemon that keeps its library in SQLite neither loads nor needs to have installed.
//
// cpostgres_NAME is PQNAME of libpq, if nothing else is said (https://www.postgresql.org/docs/current/libpq.html).

#pragma clang assume_nonnull begin

/// Loads libpq; returns false if it is not installed, or older than version 14. Must be called before any other
/// function. May be called by several threads.
bool cpostgres_load(void);

/// PQconninfoParse. The message is freed with cpostgres_freemem.
PQconninfoOption *_Nullable cpostgres_conninfoParse(const char *text, char *_Nullable *_Nonnull message);
PQconninfoOption *_Nullable cpostgres_conninfo(PGconn *connection);
void cpostgres_conninfoFree(PQconninfoOption *options);
void cpostgres_freemem(void *memory);

/// PQconnectStartParams, which does not take a database name for a connection string. The lists end with NULL.
PGconn *_Nullable cpostgres_connectStart(
    const char *_Nullable const *_Nonnull names, const char *_Nullable const *_Nonnull values);
PostgresPollingStatusType cpostgres_connectPoll(PGconn *connection);
void cpostgres_finish(PGconn *connection);
ConnStatusType cpostgres_status(const PGconn *connection);
PGTransactionStatusType cpostgres_transactionStatus(const PGconn *connection);
const char *cpostgres_errorMessage(const PGconn *connection);
int cpostgres_serverVersion(const PGconn *connection);
int cpostgres_socket(const PGconn *connection);
/// PQsetnonblocking with 1.
int cpostgres_setNonblocking(PGconn *connection);
/// PQsetErrorVerbosity with PQERRORS_VERBOSE.
void cpostgres_setVerbose(PGconn *connection);
void cpostgres_setNoticeReceiver(PGconn *connection, PQnoticeReceiver receiver, void *context);

/// PQsendQueryParams without parameters.
int cpostgres_sendQuery(PGconn *connection, const char *text);
/// PQsendPrepare, where the server finds out the types of the parameters.
int cpostgres_sendPrepare(PGconn *connection, const char *name, const char *text);
/// PQsendQueryPrepared with results in text format.
int cpostgres_sendQueryPrepared(
    PGconn *connection, const char *name, int count, const char *_Nullable const *_Nonnull values, const int *lengths,
    const int *formats);
int cpostgres_setSingleRowMode(PGconn *connection);
int cpostgres_enterPipelineMode(PGconn *connection);
int cpostgres_exitPipelineMode(PGconn *connection);
int cpostgres_pipelineSync(PGconn *connection);
int cpostgres_flush(PGconn *connection);
int cpostgres_consumeInput(PGconn *connection);
int cpostgres_isBusy(PGconn *connection);
PGresult *_Nullable cpostgres_getResult(PGconn *connection);

ExecStatusType cpostgres_resultStatus(const PGresult *result);
const char *_Nullable cpostgres_resultErrorField(const PGresult *result, int field);
const char *cpostgres_cmdStatus(PGresult *result);
const char *cpostgres_cmdTuples(PGresult *result);
int cpostgres_ntuples(const PGresult *result);
int cpostgres_nfields(const PGresult *result);
bool cpostgres_getisnull(const PGresult *result, int row, int column);
int cpostgres_getlength(const PGresult *result, int row, int column);
const char *cpostgres_getvalue(const PGresult *result, int row, int column);
void cpostgres_clear(PGresult *result);

/// Fields of an error or a notice, which are characters in C: PG_DIAG_SEVERITY_NONLOCALIZED, PG_DIAG_SQLSTATE,
/// PG_DIAG_MESSAGE_PRIMARY and PG_DIAG_CONSTRAINT_NAME.
enum {
    cpostgres_severity = PG_DIAG_SEVERITY_NONLOCALIZED,
    cpostgres_sqlstate = PG_DIAG_SQLSTATE,
    cpostgres_message = PG_DIAG_MESSAGE_PRIMARY,
    cpostgres_constraint = PG_DIAG_CONSTRAINT_NAME,
};

#pragma clang assume_nonnull end

#endif
