"""Prints all authors of a library, page by page, with nothing but Python's own library.

LIBRARY_TOKEN is the token: LIBRARY_TOKEN=$(libctl token) python3 authors.py [ADDRESS]
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

server = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8080"


def get(path, **parameters):
    url = f"{server}{path}?{urllib.parse.urlencode(parameters)}"
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + os.environ["LIBRARY_TOKEN"]})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


try:
    page = {"next": None}
    while True:
        position = {"after": page["next"]} if page["next"] else {}
        page = get("/authors", limit=50, sort="name", **position)
        for author in page["list_of_authors"]:
            print(author["name"], author["book"], sep="\t")
        if page["next"] is None:
            break
except urllib.error.HTTPError as failure:
    # An error is a problem document (RFC 9457), with a code that never changes.
    sys.exit(json.load(failure)["code"])
