# The two commands that matter: `make run` and `make test`. They need Go, Node and make, nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The same commit is told the same twice. RAPID_SEED=0 draws properties anew.
export RAPID_SEED ?= 1

DATA ?= demo-data
LISTEN ?= 127.0.0.1:8080

web_sources := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)

.PHONY: help run test check web build lint vuln faults slow bench journeys clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: web build ## build everything and start a demo node on http://localhost:8080
	@bin/lintas serve --demo --data $(DATA) --listen $(LISTEN)

build: .stamps/dist ## the program with its web pages, in bin/
	@echo "Compiling Lintas (the first time takes a few minutes) ..."
	@mkdir -p bin && go build -o bin/lintas ./cmd/lintas
	@-dd of=bin/lintas oflag=nocache conv=notrunc,fdatasync count=0 2>/dev/null # as after a restart of the machine: docs/decisions/0005

web: .stamps/dist ## the web pages

.stamps/modules: web/package.json web/package-lock.json
	@echo "Fetching the web libraries ..."
	@mkdir -p .stamps && cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.stamps/dist: .stamps/modules $(web_sources)
	@echo "Building the web pages ..."
	@cd web && npm run build --silent
	@touch $@

test: web ## what every change must pass: go vet, go test, types and tests of the web pages
	go vet ./...
	go test ./...
	cd web && npm test --silent

# Pure packages have their slow tests here. The slow tests of abm and casework take longer: make slow.
engines := ./screening/xlsform/... ./screening/indicator/... ./displacement/ensemble/... ./displacement/builder/... ./casework/hsds/... ./casework/matching/... ./casework/htcds/... ./casework/referral/... ./casework/clocks/... ./casework/merge/...

check: test lint ## all of it: race detector, PostgreSQL, slow tests of the engines, browser journeys
	tools/install-for-check
	tools/with-postgres go test -race -timeout 30m ./platform/... ./node ./agency ./cmd/...
	tools/with-postgres go test -timeout 30m ./screening ./casework ./displacement
	LINTAS_SLOW=1 go test -timeout 30m $(engines)
	LINTAS_SLOW=1 tools/with-postgres go test -timeout 30m -run Kill9 ./screening
	cd screening/xlsform/engine-load && npm ci --no-audit --no-fund --loglevel=error && npm test --silent
	$(MAKE) --no-print-directory journeys

faults: ## kill -9 in a loop while eight clients post, cut connections, 10,000 referral histories with a crash after every step
	tools/with-postgres env LINTAS_SLOW=1 go test -timeout 2h -run 'Kill9|Cut|RandomReferral' ./screening ./casework

slow: ## every slow test, some minutes to an hour: also both displacement cores on all cases
	tools/with-postgres env LINTAS_SLOW=1 go test -timeout 3h ./screening ./casework ./displacement/abm

bench: ## the figures of docs/benchmarks.md, on this machine
	go test -run xxx -bench FullInterview -benchtime 20000x -cpu 1 ./screening/indicator
	go test -run xxx -bench . -benchtime 5x -cpu 1 ./screening/xlsform
	go run ./screening/loadtest
	go test -run xxx -bench 'Mali2012|SSudan2013|HundredMembers' -benchtime 3x ./displacement/abm

journeys: build ## people's journeys in a real browser, against real nodes
	tools/install-for-check
	cd web && npm run size --silent
	tools/journeys

lint: ## vet, staticcheck, and a go.mod that names what is used
	go vet ./...
	go mod tidy -diff
	go tool -modfile=tools/go.mod staticcheck ./...

vuln: ## known weaknesses of the libraries in use; asks the Go vulnerability database, so it needs the internet
	go tool -modfile=tools/go.mod govulncheck ./...

clean: ## remove what was built (not the demo's data)
	rm -rf bin .stamps web/node_modules artifacts && find web/dist -mindepth 1 ! -name .keep -delete
