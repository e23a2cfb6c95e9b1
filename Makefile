# Aegis: what there is to do, and nothing else that a new machine would lack.
# Needs Go, Node, Python, make and git; every target does its own set-up.

APP  ?= aegis
ENV  ?= dev
GO   ?= go

# jsii prints eleven lines twice about each Node release past its end of life.
# Node 20 works; README, "Requirements", says what is better.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION ?= 20
export AEGIS_ENV := $(ENV)

CDKTF  = npx --no-install cdktf
LINTER = .tools/golangci-lint
# The packages whose TestGolden… compare with files under testdata.
GOLDEN = $(shell git grep -lE '\.Golden|Bool."update"' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|')
BENCH  = $(shell git grep -l 'func Benchmark' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|')

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  ENV=dev|staging|production, several with a comma (now: $(ENV));  APP=aegis|quickstart (now: $(APP))"
	@echo "  ARGS=…  more of cdktf's flags for diff, deploy and destroy"

.PHONY: synth
synth: ## Write cdktf.out/stacks/<stack>/cdk.tf.json
	@$(GO) run ./apps/$(APP)

.PHONY: test
test: .venv node_modules ## Run all tests
	$(GO) test ./...

.PHONY: docker-test
docker-test: ## Run the tests that take a real Docker engine and registry
	AEGIS_DOCKER_TEST=1 $(GO) test -count=1 -v -run Engine ./constructs/internal/image

# Without Terraform nothing is installed for it; what cannot be installed, the tests
# miss and say so. They run in their folder, where go test shows each case as it
# ends.
.PHONY: e2e
ifneq ($(shell command -v terraform)$(filter required,$(E2E)),)
e2e: ## Take the stacks through real Terraform and an emulator of AWS
	@$(MAKE) --no-print-directory --keep-going --silent .venv node_modules || [ "$(E2E)" != required ]
	$(GO) test -C e2e -tags e2e -count=1 -timeout 25m
else
e2e:
	@echo "e2e: skipped: terraform is not on the PATH"
endif

.PHONY: golden
golden: ## Write the golden files anew; read the diff before you commit it
	$(GO) test -count=1 -run '^Test(Golden|Problems|Fixtures|Histories)' $(GOLDEN) -update

.PHONY: lint
lint: $(LINTER) ## Run the linters
	$(LINTER) run ./...

.PHONY: bench
bench: ## Measure synth and packaging against their baselines
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m $(BENCH)

.PHONY: demo
demo: ## Run a whole workflow on this machine, with four agents; again after a kill: it goes on
	@mkdir -p .tools/bin
	@$(GO) build -o .tools/bin/ ./controller/cmd/aegis ./agents/...
	@.tools/bin/aegis demo

.PHONY: soak chaos
soak: ## Run 2,000 workflows with duplicates, crashes and lost answers; docs/soak.md has the figures
	AEGIS_SOAK=1 $(GO) test -count=1 -v -run TestSoak -timeout 7m ./controller/internal/soak
chaos: ## Kill the local runner and agents 50 times while 100 workflows run
	AEGIS_CHAOS=1 $(GO) test -count=1 -v -run TestChaos -timeout 10m ./controller/cmd/aegis

# The stacks that APP makes, and how cdktf makes them: cdktf.json's app is aegis.
comma  := ,
STACKS  = $(or $(if $(filter aegis,$(APP)),$(addprefix aegis-,$(subst $(comma), ,$(ENV))),$(APP)),$(error ENV: must be dev, staging or production, got nothing))
CDKTF_APP = $(if $(filter-out aegis,$(APP)),--app "$(GO) run ./apps/$(APP)")

.PHONY: diff deploy destroy
diff: node_modules ## Show what deploying ENV would change
	@for stack in $(STACKS); do $(CDKTF) diff $$stack $(CDKTF_APP) $(ARGS) || exit; done
deploy: node_modules ## Deploy ENV to the AWS account of your credentials
	@$(CDKTF) deploy $(STACKS) $(CDKTF_APP) $(ARGS)
destroy: node_modules ## Destroy what was deployed to ENV
	@$(CDKTF) destroy $(STACKS) $(CDKTF_APP) $(ARGS)

.PHONY: clean
clean: ## Remove what was built; Terraform's state stays
	rm -rf cdktf.out node_modules .tools .venv coverage.out

# The CLI works without its packages' install scripts, so none is run. One of
# them asks for TypeScript "next", which not every registry has: package.json
# overrides it with the version that the others get.
node_modules: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund || { rm -rf $@; exit 1; }
	@touch $@

# The emulator and the policy scanner, at the versions and hashes of the file.
.venv: e2e/requirements.txt
	python3 -m venv $@ && $@/bin/pip install --quiet --require-hashes -r e2e/requirements.txt || { rm -rf $@; exit 1; }
	@touch $@

$(LINTER): tools/go.mod tools/go.sum
	@echo "building golangci-lint, once: some minutes on two cores …"
	cd tools && $(GO) build -o ../$(LINTER) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
