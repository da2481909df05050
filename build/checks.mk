# The suites that `make test` runs, each by itself, and what they need. Included by the Makefile.

VITEST = $(NODE) $(BIN)/vitest run
# Most cases want root: through sudo, for a user who has it.
AS_ROOT := build/as-root.sh

## quick: a sample of what test runs, in a minute and a half: types, lint, unit tests, contract, simulation, compatibility
quick: NEEDS := build compat
quick: tools
	$(NODE) test/all.ts --quick

# What more than one suite needs, made before any of them starts: suites that run side by side build nothing.
QUICK_BUILDS := all out/node/sys.node $(OUT)/jail $T/contract
quick-builds: $(QUICK_BUILDS)
TEST_BUILDS := $(QUICK_BUILDS) $T/contract-noimage debug ng npm pkg $(OUT)/inject $(OUT)/refuse arch-build-arm64 .cache/linux/vmlinuz .cache/docker/schemas/.stamp
test-builds: $(TEST_BUILDS)
	@$(MAKE) --no-print-directory ENGINE=quickjs-ng $(OUT)/quickjs-ng/contract-noimage

## unit: unit tests; every branch of src/machine and src/formats is taken
unit: tools out/node/sys.node
	$(VITEST) test/unit --coverage

## mutation: changes src/machine in some 1,250 places and lists what no unit test notices; not part of test
mutation: tools
	$(NODE) test/mutation/run.ts

## contract: one contract for every host: Node, QuickJS, the virtual kernel
contract: contract-quick
	@$(MAKE) --no-print-directory contract-noimage
## contract-quick: the same without the second build of QuickJS, the one without a heap image
contract-quick: tools out/node/sys.node
	$(VITEST) test/contract
	@$(MAKE) --no-print-directory contract-quickjs
## contract-ng: the same contract on the second engine
contract-ng:
	@$(MAKE) --no-print-directory ENGINE=quickjs-ng contract-noimage
contract-quickjs: $T/contract
	$T/contract
contract-noimage: $T/contract-noimage
	$T/contract-noimage

CONTRACT_TS := $(shell find test/contract -name '*.ts')
$B/contract.js: $(CONTRACT_TS) $(SOURCES) node_modules/.stamp
	@mkdir -p $B
	$(call whole,$(BIN)/esbuild test/contract/quickjs-main.ts --bundle --format=iife --platform=neutral --target=es2023 \
	  $(DEFINE_ORDER) --log-level=warning --outfile=$@.new)
$B/contract.bc: $B/contract.js $B/bytecode
	$(call whole,$(RUN_BYTECODE) $B/bytecode $< $@.new)
$T/contract: $T/contract.image
	@$(call whole,cp $< $@.new)
$T/contract-noimage: $(call objects,plain) $B/contract.bc
	@printf '.section .rodata\n.globl bundle, bundle_end\nbundle: .incbin "%s"\nbundle_end: .byte 0\n' $B/contract.bc > $T/bundle-contract.s
	@printf '.section .note.GNU-stack,"",%%progbits\n' >> $T/bundle-contract.s
	$(call whole,$(MUSL) $(LINK) -s -o $@.new $(call objects,plain) $T/bundle-contract.s -lm)

out/node/sys.node: $(CALLS_C) $(CALLS_H) src/host/node/bind.c src/host/node/build.sh node_modules/.stamp $(COMPILER)
	CC='$(CC)' src/host/node/build.sh

## sim: at least 100,000 seeded event sequences against the virtual kernel, from FIRST=n on; SEED=n replays one
SEQUENCES ?= 100000
FIRST ?= 1
sim: tools
	$(VITEST) test/sim/kernel
	$(NODE) test/sim/run.ts $(if $(SEED),--seed $(SEED),--sequences $(SEQUENCES) --first $(FIRST))

## fuzz: readers of bytes and every command line, guided by coverage; SECONDS=n SEED=n, TARGET=NAME, REPLAY=FILE, KEEP=1
SECONDS ?= 60
fuzz: tools out/node/sys.node
	$(NODE) test/fuzz/run.ts --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(TARGET),--filter '$(TARGET)') \
	  $(if $(REPLAY),--replay '$(REPLAY)') $(if $(KEEP),--keep)

## compat: one script of cases against C runit and ours, alone and mixed
compat: dist/runitbox tools-compat $(OUT)/jail
	$(AS_ROOT) $(NODE) test/compat/run.ts

compat-quick: dist/runitbox tools-compat $(OUT)/jail
	$(AS_ROOT) $(NODE) test/compat/run.ts --suites ours --share 8

# Process 1 is played in namespaces of its own.
$(OUT)/jail: test/compat/jail.c $(COMPILER)
	$(call whole,$(CC) -O1 $(WARN) -o $@.new $<)

# A kernel that refuses calls.
$(OUT)/refuse: test/sweep/refuse.c $(COMPILER)
	$(call whole,$(CC) -O1 $(WARN) -o $@.new $<)

# A call that fails once.
$(OUT)/inject: test/sweep/inject.c $(COMPILER)
	$(call whole,$(CC) -O1 $(WARN) -o $@.new $<)

## sweep: each system call of each supervisor refused once with each error, and a kill before each; an hour
sweep: dist/runitbox tools $(OUT)/inject
	$(AS_ROOT) $(NODE) test/sweep/run.ts $(if $(SEED),--seed $(SEED))
## sweep-sample: some hundred of these cases, in three minutes; SEED=n plays the same ones again
SAMPLE ?= 240
sweep-sample: dist/runitbox tools $(OUT)/inject
	$(AS_ROOT) $(NODE) test/sweep/run.ts --sample $(SAMPLE) $(if $(SEED),--seed $(SEED))

## fault: fork and descriptor limits, full and read-only disks, kill -9 at any moment
fault: dist/runitbox dist/runitbox-debug tools-compat $(OUT)/jail $(OUT)/refuse
	$(AS_ROOT) $(NODE) test/fault/run.ts

## operations: list, status --json, why, wait, watch, logs, metrics, lint, new, link, remove on real trees, ours and C's
operations: dist/runitbox tools-compat tools-operations
	$(AS_ROOT) $(NODE) test/operations/run.ts

## soak: random commands, kills, removals and renames over 50 services, for MINUTES=15 from SEED=n; then all must be as before
MINUTES ?= 15
soak: dist/runitbox tools
	$(AS_ROOT) $(NODE) test/soak/run.ts --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

## chaos: the same with 200 services of all kinds in one process (runsvdir --one-process), for MINUTES=30 from SEED=n
CHAOS_MINUTES = $(if $(filter command line,$(origin MINUTES)),$(MINUTES),30)
chaos: dist/runitbox tools
	$(AS_ROOT) $(NODE) test/soak/run.ts --one-process --mixed --services 200 --minutes $(CHAOS_MINUTES) $(if $(SEED),--seed $(SEED))

## one-test: compat, operations and fault once more with runsvdir --one-process
one-test: dist/runitbox dist/runitbox-debug tools-compat tools-operations $(OUT)/jail $(OUT)/refuse
	$(AS_ROOT) $(NODE) test/compat/run.ts --supervision one-process --suites ours,sv-c
	$(AS_ROOT) $(NODE) test/operations/run.ts --supervision one-process
	$(AS_ROOT) $(NODE) test/fault/run.ts --supervision one-process
## one-quick: of that, a sample, and chaos for some seconds
one-quick: dist/runitbox tools-compat $(OUT)/jail
	$(AS_ROOT) $(NODE) test/compat/run.ts --supervision one-process --suites ours --share 10
	$(AS_ROOT) $(NODE) test/soak/run.ts --one-process --mixed --services 40 --minutes 0.2

## qemu: a real kernel boots dist/runitbox as init, to a supervised shell, and switches off; KERNEL=FILE for another kernel
.cache/linux/vmlinuz:
	test/qemu/kernel.sh $@
qemu: dist/runitbox tools-qemu .cache/linux/vmlinuz
	$(NODE) test/qemu/run.ts

## arch-test: builds for every other processor, and runs it under qemu-user; a machine of each boots, with pages of 16 and 64 KiB too
ARCHES := arm64 armv7 i386 riscv64 ppc64le s390x
arch-builds: $(ARCHES:%=arch-build-%)
# what they share is made before, so that no two makes make the same file
$(ARCHES:%=arch-build-%): arch-build-%: all $T/contract
	@$(MAKE) --no-print-directory ARCH=$* dist/$*/runitbox $O/$*/contract
arch-test: arch-builds tools-compat tools-arch $(OUT)/jail
	test/arch/fetch.sh .cache/boot $(ARCHES)
	$(AS_ROOT) $(NODE) test/arch/run.ts
## arch-quick: of that, arm64 alone, and what any kernel can run
arch-quick: arch-build-arm64
	$(NODE) test/arch/run.ts --quick --arch arm64

## docker-test: builds every image with a real engine and runs it; SKIP_DOCKER=1 skips it, and says so
SCHEMAS := .cache/docker/schemas
$(SCHEMAS)/.stamp: test/docker/schemas.json | $(COMPILER)
	@mkdir -p $(SCHEMAS) && cp $< $(SCHEMAS)/package.json
	npm install --prefix $(SCHEMAS) --no-audit --no-fund --loglevel=error
	@touch $@
docker-test: all tools-docker $(SCHEMAS)/.stamp
	$(AS_ROOT) $(NODE) test/docker/run.ts

## init-test: every init's entry and LXC template of docker/, run for real: LXC, systemd-nspawn, namespaces; wants root
init-test: dist/runitbox tools-init
	$(AS_ROOT) $(NODE) test/init/run.ts

## fresh-test: make run, make quick and what goes wrong, on bare machines: Debian 12 and 13 in namespaces; wants root
fresh-test: all tools-fresh
	$(AS_ROOT) $(NODE) test/fresh/run.ts

## svlogd: C svlogd and ours on the same input: a matrix, random cases (CASES=n SEED=n), signals, lost lines
CASES ?= 2500
svlogd: dist/runitbox tools-compat
	$(AS_ROOT) $(NODE) test/svlogd/run.ts --cases $(CASES) $(if $(SEED),--seed $(SEED))

## bench: every figure against C runit, side by side; and of BusyBox's runit, s6 and supervisord, where they can be fetched
bench: dist/runitbox tools-compat tools-peers
	test/bench/others.sh || echo 'bench: goes on without what is missing'
	$(AS_ROOT) $(NODE) test/bench/run.ts
## bench-peers: of that, the others alone; says what is left out, and why
bench-peers: dist/runitbox tools-compat tools-peers
	test/bench/others.sh || echo 'bench-peers: goes on without what is missing'
	$(AS_ROOT) $(NODE) test/bench/run.ts --only peers
bench-quick: dist/runitbox tools-compat
	$(AS_ROOT) $(NODE) test/bench/run.ts --quick --assert --slack 2

## bench-log: lines a second beside C svlogd, BusyBox svlogd, s6-log and multilog; latency, memory, wake-ups beside C
bench-log: dist/runitbox tools-compat tools-peers
	$(AS_ROOT) $(NODE) test/bench/log/run.ts
bench-log-quick: dist/runitbox tools-compat
	$(AS_ROOT) $(NODE) test/bench/log/run.ts --quick --assert --slack 2

# What a suite needs of the system besides what a build needs: build/tools.sh knows the groups.
TEST_NEEDS := compat operations qemu docker docs init fresh release
tools-compat tools-operations tools-qemu tools-docker tools-docs tools-init tools-peers tools-fresh tools-arch tools-release tools-packages tools-lint: tools-%: tools
	@build/tools.sh $*

## docs-test: every command of every page, executed as it stands there (docker-test and init-test have theirs); wants root
docs-test: all npm pkg tools-compat tools-operations tools-docs
	$(AS_ROOT) $(NODE) test/docs/run.ts

## pictures: records the pictures of README.md anew, from a real tree on a real terminal; wants root
pictures: all tools-docs
	$(AS_ROOT) $(NODE) test/docs/pictures/record.ts

.PHONY: mutation pictures
.PHONY: quick quick-builds test-builds fuzz sweep sweep-sample unit contract contract-quick contract-ng contract-quickjs contract-noimage sim compat compat-quick fault operations soak chaos one-test one-quick svlogd
.PHONY: qemu docker-test init-test docs-test fresh-test bench bench-peers bench-quick bench-log bench-log-quick
.PHONY: arch-test arch-quick arch-builds $(ARCHES:%=arch-build-%)
.PHONY: tools-arch tools-release tools-lint tools-compat tools-operations tools-qemu tools-docker tools-docs tools-init tools-peers tools-fresh
