# The one door. `make help` lists what is behind it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Broker, registry, logs and keys of local runs; another copy beside this one gets another folder and other ports.
run up down demo demo-media bench watch dead-letters: export DATA_DIR ?= .data

# Node.js 22 and the npm packages are fetched when they are missing. `exec` leaves no shell in between: a Ctrl-C reaches the
# program once, and its exit code is make's.
node = @bin=$$(deploy/local/dependencies.sh) && export PATH="$$bin:$(CURDIR)/node_modules/.bin:$$PATH" && exec node

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s  %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: ## start everything in the foreground; Ctrl-C stops it. BROKERS=3 makes a cluster of three
	$(node) deploy/local/roomcast.ts run

.PHONY: up
up: ## the same in the background; returns when everything is ready
	$(node) deploy/local/roomcast.ts up

.PHONY: down
down: ## stop what `make up` started
	$(node) deploy/local/roomcast.ts down

.PHONY: demo
demo: ## two broadcasters and an audience against a running system, told as a conversation
	$(node) test/demo/demo.ts

.PHONY: demo-media
demo-media: ## the same with real pictures: two streams, mixed by ffmpeg, looked at; starts what it needs. Wants ffmpeg and nginx
	$(node) test/demo/demo-media.ts

.PHONY: watch
watch: ## Prometheus and Alertmanager beside a running system, with the rules loaded; says what is missing
	$(node) deploy/observability/watch.ts

.PHONY: dead-letters
dead-letters: ## what could not be processed: lists, shows and replays it; ARGS='show 3/17', ARGS='replay 3/17', ARGS=--help
	$(node) deploy/dead-letters/dead-letters.ts $(ARGS)

.PHONY: chart
chart: ## the Helm chart rendered and checked: helm lint, kubeconform against two Kubernetes versions, what the objects say
	$(node) test/helm/chart.ts

.PHONY: capacity
capacity: ## how many partitions, instances, brokers and bytes: make capacity ROOMS=100000 CLIENTS=10000000; HELP=1 lists what can be set
	$(node) deploy/capacity/capacity.ts

.PHONY: check
check: ## format, lint, types, boundaries, generated files, unit tests; about a minute
	$(node) test/check.ts

.PHONY: test
test: ## every test; starts a Kafka and a registry of its own. FILES='test/…' runs these alone, PLATFORM=containers in containers
	$(node) test/run.ts $(FILES)

.PHONY: engine
engine: ## a Docker engine of this checkout, with the images that tests need; ENGINE=down stops it, ENGINE=status tells
	$(node) test/containers/engine.ts $(or $(ENGINE),up)

.PHONY: bench
bench: ## the benchmarks, into test/bench/results/. BENCH='decide restore' runs these alone; BENCH=latency needs a running system
	$(node) test/bench/bench.ts $(BENCH)

.PHONY: chaos
chaos: ## kills and cuts while load runs, then proves that nothing was lost or doubled; CHAOS_SECONDS, CHAOS_KILLS, CHAOS_SEED; BROKERS=3: brokers die, too
	$(node) test/chaos/chaos.ts

.PHONY: drills
drills: ## does to a watched system what somebody may be woken for, and writes down what alerts and dashboards say of it; DRILL=slow-broker
	$(node) test/drills/drills.ts $(DRILL)

.PHONY: mutants
mutants: ## mutation testing of the decision core; fails below 90 % killed
	$(node) test/mutants.ts

.PHONY: generate
generate: ## what follows from the code: types, pages, dashboards, the chart's rules and settings, the documents in docs/
	$(node) schemas/generate.ts
	$(node) deploy/observability/metrics-page.ts
	$(node) deploy/observability/dashboards/generate.ts
	$(node) deploy/helm/generate.ts
	$(node) docs/generators/generate.ts
	$(node) deploy/capacity/document.ts

.PHONY: format
format: ## format the code
	$(node) node_modules/prettier/bin/prettier.cjs --write --log-level warn .

.PHONY: client
client: ## the client's package for browsers and Node.js, into .cache/
	@bin=$$(deploy/local/dependencies.sh) && export PATH="$$bin:$$PATH" && exec npm pack ./services/edge/client --pack-destination .cache

.PHONY: release-schemas
release-schemas: ## keep the records as those of a version: make release-schemas VERSION=0.1.0
	$(node) schemas/release.ts '$(VERSION)'

.PHONY: clean
clean: ## remove what can be fetched again (node_modules, .cache); data stays
	rm -rf node_modules .cache
