"""What schemathesis has to know of the daemon that /openapi.json does not say."""

import itertools

import schemathesis

FILES = ("application/x-ndjson", "text/csv")


@schemathesis.serializer(*FILES)
def file_of_authors(ctx, value):
    """The document has such a file as a string."""
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


@schemathesis.hook
def filter_case(ctx, case):
    """A file is a text: none of another type can be sent."""
    return case.media_type not in FILES or isinstance(case.body, (str, bytes))


addresses = itertools.count(1)


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """One address may register five accounts a minute, so each registration comes from another one."""
    if case.path == "/register":
        number = next(addresses)
        case.headers["X-Forwarded-For"] = f"10.0.{number // 256 % 256}.{number % 256}"
