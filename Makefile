# Everything is a script in scripts/; each has --help.
.PHONY: help demo check test fuzz soak bench coverage
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: ## five minutes: real logs become capsules in a PostgreSQL of its own (LOGS=path for yours, KEEP=1 leaves it running)
	@scripts/demo.sh

check: ## the inner loop: format, build, tests that need no server
	@scripts/check.sh

test: ## everything, from nothing: also PostgreSQL, kills, 1,000 simulated crashes
	@scripts/test.sh

fuzz: ## minutes of damaged inputs for every decoder; a failure names the input (scripts/fuzz.sh --help)
	@scripts/fuzz.sh

soak: ## the long suites: 200 kills and more, 10,000 simulated crashes
	@scripts/soak.sh

bench: ## figures of this machine (FLINK=1 adds Flink in the same run)
	@scripts/bench.sh

coverage: ## lines that tests reach, for each module, beside the goals (a build of its own)
	@scripts/coverage.sh
