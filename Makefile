# Everything there is to run. Two commands set up all that is needed on a machine with Go and Debian's make:
#
#	make demo    two made-up clinics, an issuer and the gateway, on this machine only
#	make test    the checks and all tests; says what it installs
#	make torture a thousand times kill -9 of a gateway under load, and what its ledger says after each
#
SHELL := /bin/bash
GO    ?= go
TAGS  := nomsgpack
FUZZTIME ?= 1m

# The build stamps the commit into the binary where this is a git checkout (`vestibule version` shows it).
BUILDVCS := $(shell git status >/dev/null 2>&1 && echo true || echo false)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck

NODE_FOLDERS := testdata/node internal/identity/testdata/node
NODE_STAMPS  := $(NODE_FOLDERS:%=%/node_modules/.package-lock.json)

.PHONY: demo test bench bench-ledger torture fuzz build lint tools clean

demo:
	$(GO) run -tags $(TAGS) ./cmd/vestibule demo $(ARGS)

build:
	CGO_ENABLED=0 $(GO) build -tags $(TAGS) -trimpath -buildvcs=$(BUILDVCS) -ldflags='-s -w' -o bin/vestibule ./cmd/vestibule

# The go command's own closing lines are the last that is printed. Every dialect of OSCAR is held to the adapters' contract without
# the race detector, under which two of them are.
test: tools lint build
	$(GO) test -tags $(TAGS) -run Contract ./adapters/oscar
	VESTIBULE_REQUIRE_NODE=1 $(GO) test -tags $(TAGS) -race -cover -timeout 25m ./...

lint:
	@unformatted="$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go' -not -path '*/node_modules/*'))"; \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet -tags $(TAGS) ./...
	$(GO) tool staticcheck -tags $(TAGS) ./...

# What the tests need besides Go: a C compiler (the race detector wants one), and Node.js for the software that this
# project did not write and is tested against: a FHIR server, OpenID libraries.
tools: $(NODE_STAMPS)
	@.ci/need gcc gcc libc6-dev
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || \
		{ echo "Node.js 20 or newer is needed, this is $$(node --version)"; exit 1; }

$(NODE_STAMPS): %/node_modules/.package-lock.json: %/package-lock.json
	@.ci/need node nodejs
	@.ci/need npm npm
	@echo "installing the Node packages of $* (npm ci)"
	npm ci --prefix $*
	@touch $@

# Side by side in one run: the EMR asked directly, through nginx, through httputil.ReverseProxy, through the gateway.
bench:
	@.ci/need nginx nginx-light
	$(GO) run -tags $(TAGS) ./internal/bench $(ARGS)

# Kills a gateway under load a thousand times (some minutes); ARGS='-kills 100 -seed 7' for another campaign.
torture:
	$(GO) build -tags $(TAGS) -o bin/torture ./internal/torture
	bin/torture $(ARGS)

# The ledger alone, at ten million records: about twenty minutes and 40 GB of disk for a while.
bench-ledger:
	$(GO) run -tags $(TAGS) ./internal/bench -ledger 9450000 $(ARGS)

# Every fuzz target, one after the other.
fuzz:
	@set -e; for package in $$($(GO) list -tags $(TAGS) ./...); do \
		for target in $$($(GO) test -tags $(TAGS) -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -tags $(TAGS) -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

clean:
	rm -rf bin $(NODE_FOLDERS:%=%/node_modules)
