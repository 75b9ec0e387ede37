# `make demo` shows the main job; `make test` passes the tests. Both install what is missing.

PREFIX ?= /usr/local
DESTDIR ?=
# Of make schemathesis: tries of each operation, and where its random numbers begin.
EXAMPLES ?= 200
SEED ?= 1
SWIFT ?= swift

# A library of a test has some fifteen files open, and Debian lets a process have 1024.
tests_at_once = SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(1) SWIFT='$(SWIFT)' scripts/run-tests
TEST = $(call tests_at_once,24)
# The tests that need a PostgreSQL server.
OF_POSTGRES = PostgresTests|LibrarydTests\.TwoDaemonTests|EndToEndTests\.(Failover|PostgresCommand)Tests
# Those tests, and the tests of the routes with libraries in PostgreSQL; without those that are of SQLite alone. A daemon
# serves nothing while it has had no answer of the server for a second, so few run at once, apart from most tests that
# compute.
TEST_ON_POSTGRES = LIBRARYD_TEST_DATABASE=1 $(call tests_at_once,8) --filter '$(OF_POSTGRES)|LibrarydTests' \
    --skip 'LibrarydTests\.(Backup|DataFolder|EndlessFile|Folding|HostileFile|HotHead|HotLane|Listing|Migration|OrderByTime|Settings|Start|Store|UsageError|Writer)Tests'
RELEASE = $(SWIFT) build -c release --static-swift-stdlib
SOURCES = Sources Tests Package.swift
MANUALS = libctl.1 libraryd-config.5 libraryd.8

# Completions are tested in the shells themselves, the manual by what formats it, TLS with certificates of openssl, units
# of the documents by systemd-analyze, /openapi.json by programs in Python, the page at / by a browser, metrics by promtool
# of prometheus, the filter of the log by fail2ban-regex, the proxies by nginx and Caddy (45 MB installed), the store on
# PostgreSQL by its servers.
TEST_PACKAGES = zsh fish groff-base openssl systemd python3-venv chromium-headless-shell prometheus fail2ban \
    nginx-light caddy postgresql

.PHONY: help deps deps-test deps-deb build release test e2e crash failover fuzz schemathesis bench lint format completions samples \
    picture demo deb deb-test systemd-test install uninstall clean

help:
	@echo 'make demo       start a daemon on a temporary folder and do the main job on real data'
	@echo 'make test       run all tests'
	@echo 'make build      both programs, for debugging'
	@echo 'make release    both programs, for use'
	@echo 'make install    into PREFIX (now $(PREFIX)); make uninstall takes them away'
	@echo 'make deb        a Debian package, in .build/deb'
	@echo 'make deb-test   install, upgrade, remove and purge it in a fresh Debian (as root)'
	@echo 'make systemd-test  boot it with systemd in a container, and start, stop, kill and hang it (as root)'
	@echo 'make e2e        only the tests that run the real programs'
	@echo 'make crash      200 kills under load, and each single write and sync failed'
	@echo 'make failover   20 rounds of each way in which a PostgreSQL primary goes away'
	@echo 'make fuzz       100,000 requests that were changed at random (FUZZ_SEED=N for others)'
	@echo 'make schemathesis  more of the requests that make test makes from /openapi.json (EXAMPLES=N, SEED=N)'
	@echo 'make bench      measure, beside other servers with PEERS=FOLDER; writes Benchmarks/RESULTS.md'
	@echo 'make lint       check the format; make format mends it'
	@echo 'make completions  write completions/ and the manual anew'
	@echo 'make samples    write what the programs print into README and docs'
	@echo 'make picture    make the picture of the README anew'

deps:
	@scripts/deps

deps-test:
	@scripts/deps $(TEST_PACKAGES)
	@scripts/python-tools

deps-deb:
	@scripts/deps dpkg-dev lintian debootstrap

build: deps
	$(SWIFT) build

release: deps
	$(RELEASE) --product libraryd
	$(RELEASE) --product libctl

test: deps-test
	$(SWIFT) build --build-tests
	$(TEST) --skip '$(OF_POSTGRES)'
	$(TEST_ON_POSTGRES)
	scripts/schemathesis

e2e: deps-test
	$(SWIFT) build --build-tests
	$(TEST) --filter EndToEndTests

crash: deps
	$(SWIFT) build --build-tests
	CRASH_ROUNDS=200 $(TEST) --filter CrashTests

failover: deps-test
	$(SWIFT) build --build-tests
	FAILOVER_ROUNDS=20 $(TEST) --filter FailoverTests

fuzz: deps
	$(SWIFT) build --build-tests
	FUZZ_ROUNDS=100000 $(TEST) --filter FuzzTests

schemathesis: deps-test
	$(SWIFT) build --product libraryd
	scripts/schemathesis --max-examples $(EXAMPLES) --seed $(SEED)

bench: release
	@scripts/deps wrk sqlite3 jq curl time postgresql
	Benchmarks/run

# The formatter looks at no comment and no text. Tests have data of any length.
lint:
	$(SWIFT) format lint --strict --recursive $(SOURCES)
	@find $(SOURCES) -name '*.swift' | xargs perl -CSD -ne \
	    'if (length > 121 && ($$ARGV =~ m{^Sources/} || m{^\s*///? })) { print "$$ARGV:$$.: more than 120 columns\n"; $$bad = 1 } \
	    close ARGV if eof; END { exit 1 if $$bad }'

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

completions: build
	scripts/completions

# Ends with an error where something was wrong: read the change.
samples: deps-test
	$(SWIFT) build --build-tests
	WRITE_SAMPLES=1 $(TEST) --filter 'DocumentationTests/(samplesAreTrue|theAPIPageHasEveryRoute)'

picture: build
	scripts/picture

demo: release
	@scripts/demo

deb: deps-deb release
	scripts/deb
	lintian --fail-on error,warning --allow-root .build/deb/libraryd_*.deb

deb-test: deb
	scripts/deb-test

systemd-test: deb
	scripts/deps systemd-container
	scripts/systemd-test

install: release
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d \
	    $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8
	for page in $(MANUALS); do \
	    install -m 644 packaging/$$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/ || exit 1; \
	done
	for program in libraryd libctl; do \
	    install -s -m 755 "$$($(RELEASE) --show-bin-path)/$$program" $(DESTDIR)$(PREFIX)/bin/ && \
	    install -m 644 completions/$$program.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$program && \
	    install -m 644 completions/_$$program $(DESTDIR)$(PREFIX)/share/zsh/site-functions/ && \
	    install -m 644 completions/$$program.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ || exit 1; \
	done
	@[ -n '$(DESTDIR)' ] || scripts/after-install '$(PREFIX)'

uninstall:
	for page in $(MANUALS); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; done
	for program in libraryd libctl; do \
	    rm -f $(DESTDIR)$(PREFIX)/bin/$$program \
	        $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$program \
	        $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_$$program \
	        $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$program.fish; \
	done

clean:
	$(SWIFT) package clean
