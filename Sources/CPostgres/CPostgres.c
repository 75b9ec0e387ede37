#include "CPostgres.h"

#include <dlfcn.h>
#include <pthread.h>

// libpq with the ABI version that the header describes.
static const char library[] = "libpq.so.5";

#define FUNCTIONS(each) \
    each(conninfoParse) each(conninfo) each(conninfoFree) each(freemem) \
    each(connectStartParams) each(connectPoll) each(finish) each(status) each(transactionStatus) \
    each(errorMessage) each(serverVersion) each(socket) each(setnonblocking) each(setErrorVerbosity) \
    each(setNoticeReceiver) \
    each(sendQueryParams) each(sendPrepare) each(sendQueryPrepared) each(setSingleRowMode) \
    each(enterPipelineMode) each(exitPipelineMode) each(pipelineSync) each(flush) each(consumeInput) each(isBusy) \
    each(getResult) \
    each(resultStatus) each(resultErrorField) each(cmdStatus) each(cmdTuples) each(ntuples) each(nfields) \
    each(getisnull) each(getlength) each(getvalue) each(clear)

// The pointer pq.NAME has the type of PQNAME.
#define DECLARE(name) __typeof__(&PQ##name) name;
static struct { FUNCTIONS(DECLARE) } pq;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool loaded;

static void load(void) {
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (!handle) return;
#define LOAD(name) \
    pq.name = (__typeof__(pq.name))dlsym(handle, "PQ" #name); \
    if (!pq.name) return;
    FUNCTIONS(LOAD)
    loaded = true;
}

bool cpostgres_load(void) {
    pthread_once(&once, load);
    return loaded;
}

PQconninfoOption *cpostgres_conninfoParse(const char *text, char **message) { return pq.conninfoParse(text, message); }

PQconninfoOption *cpostgres_conninfo(PGconn *connection) { return pq.conninfo(connection); }

void cpostgres_conninfoFree(PQconninfoOption *options) { pq.conninfoFree(options); }

void cpostgres_freemem(void *memory) { pq.freemem(memory); }

PGconn *cpostgres_connectStart(const char *const *names, const char *const *values) {
    return pq.connectStartParams(names, values, 0);
}

PostgresPollingStatusType cpostgres_connectPoll(PGconn *connection) { return pq.connectPoll(connection); }

void cpostgres_finish(PGconn *connection) { pq.finish(connection); }

ConnStatusType cpostgres_status(const PGconn *connection) { return pq.status(connection); }

PGTransactionStatusType cpostgres_transactionStatus(const PGconn *connection) {
    return pq.transactionStatus(connection);
}

const char *cpostgres_errorMessage(const PGconn *connection) { return pq.errorMessage(connection); }

int cpostgres_serverVersion(const PGconn *connection) { return pq.serverVersion(connection); }

int cpostgres_socket(const PGconn *connection) { return pq.socket(connection); }

int cpostgres_setNonblocking(PGconn *connection) { return pq.setnonblocking(connection, 1); }

void cpostgres_setVerbose(PGconn *connection) { pq.setErrorVerbosity(connection, PQERRORS_VERBOSE); }

void cpostgres_setNoticeReceiver(PGconn *connection, PQnoticeReceiver receiver, void *context) {
    pq.setNoticeReceiver(connection, receiver, context);
}

int cpostgres_sendQuery(PGconn *connection, const char *text) {
    return pq.sendQueryParams(connection, text, 0, NULL, NULL, NULL, NULL, 0);
}

int cpostgres_sendPrepare(PGconn *connection, const char *name, const char *text) {
    return pq.sendPrepare(connection, name, text, 0, NULL);
}

int cpostgres_sendQueryPrepared(
    PGconn *connection, const char *name, int count, const char *const *values, const int *lengths,
    const int *formats) {
    return pq.sendQueryPrepared(connection, name, count, values, lengths, formats, 0);
}

int cpostgres_setSingleRowMode(PGconn *connection) { return pq.setSingleRowMode(connection); }

int cpostgres_enterPipelineMode(PGconn *connection) { return pq.enterPipelineMode(connection); }

int cpostgres_exitPipelineMode(PGconn *connection) { return pq.exitPipelineMode(connection); }

int cpostgres_pipelineSync(PGconn *connection) { return pq.pipelineSync(connection); }

int cpostgres_flush(PGconn *connection) { return pq.flush(connection); }

int cpostgres_consumeInput(PGconn *connection) { return pq.consumeInput(connection); }

int cpostgres_isBusy(PGconn *connection) { return pq.isBusy(connection); }

PGresult *cpostgres_getResult(PGconn *connection) { return pq.getResult(connection); }

ExecStatusType cpostgres_resultStatus(const PGresult *result) { return pq.resultStatus(result); }

const char *cpostgres_resultErrorField(const PGresult *result, int field) {
    return pq.resultErrorField(result, field);
}

const char *cpostgres_cmdStatus(PGresult *result) { return pq.cmdStatus(result); }

const char *cpostgres_cmdTuples(PGresult *result) { return pq.cmdTuples(result); }

int cpostgres_ntuples(const PGresult *result) { return pq.ntuples(result); }

int cpostgres_nfields(const PGresult *result) { return pq.nfields(result); }

bool cpostgres_getisnull(const PGresult *result, int row, int column) { return pq.getisnull(result, row, column); }

int cpostgres_getlength(const PGresult *result, int row, int column) { return pq.getlength(result, row, column); }

const char *cpostgres_getvalue(const PGresult *result, int row, int column) {
    return pq.getvalue(result, row, column);
}

void cpostgres_clear(PGresult *result) { pq.clear(result); }
