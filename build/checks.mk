# The suites that `make test` runs, each by itself, and what they need. Included by the Makefile.

VITEST := $(NODE) $(BIN)/vitest run

## unit: unit tests; every branch of src/machine and src/formats is taken
unit: node_modules/.stamp out/node/sys.node
	$(VITEST) test/unit --coverage

## contract: one contract for every host: Node, QuickJS, the virtual kernel
contract: out/node/sys.node
	$(VITEST) test/contract
	@$(MAKE) --no-print-directory contract-quickjs contract-noimage
## contract-ng: the same contract on the second engine
contract-ng:
	@$(MAKE) --no-print-directory ENGINE=quickjs-ng contract-noimage
contract-quickjs: $O/contract
	$O/contract
contract-noimage: $O/contract-noimage
	$O/contract-noimage

CONTRACT_TS := $(shell find test/contract -name '*.ts')
$O/contract.js: $(CONTRACT_TS) $(SOURCES) node_modules/.stamp
	@mkdir -p $O
	$(BIN)/esbuild test/contract/quickjs-main.ts --bundle --format=iife --platform=neutral --target=es2023 \
	  --log-level=warning --outfile=$@
$O/contract.bc: $O/contract.js $O/bytecode
	$O/bytecode $< $@
$O/contract: $O/contract.image
	@cp $< $@
$O/contract-noimage: $(call objects,plain) $O/contract.bc
	@printf '.section .rodata\n.globl bundle, bundle_end\nbundle: .incbin "%s"\nbundle_end: .byte 0\n' $O/contract.bc > $O/bundle-contract.s
	@printf '.section .note.GNU-stack,"",%%progbits\n' >> $O/bundle-contract.s
	$(MUSL) $(LINK) -s -o $@ $(call objects,plain) $O/bundle-contract.s -lm

out/node/sys.node: src/host/c/sys.c src/host/c/lines.c src/host/c/lines.h src/host/c/sys.h src/host/node/bind.c node_modules/.stamp
	src/host/node/build.sh

## sim: at least 100,000 seeded event sequences against the virtual kernel; SEED=n replays one
SEQUENCES ?= 100000
sim: node_modules/.stamp
	$(VITEST) test/sim/kernel
	$(NODE) test/sim/run.ts $(if $(SEED),--seed $(SEED),--sequences $(SEQUENCES))

## compat: one script of cases against C runit and ours, alone and mixed
compat: dist/runitbox tools-compat $(OUT)/jail
	$(NODE) test/compat/run.ts

# Process 1 is played in namespaces of its own.
$(OUT)/jail: test/compat/jail.c
	@mkdir -p $(OUT)
	$(CC) -O1 $(WARN) -o $@ $<

# A kernel that refuses calls.
$(OUT)/refuse: test/sweep/refuse.c
	@mkdir -p $(OUT)
	$(CC) -O1 $(WARN) -o $@ $<

# A call that fails once.
$(OUT)/inject: test/sweep/inject.c
	@mkdir -p $(OUT)
	$(CC) -O1 $(WARN) -o $@ $<

## sweep: each system call of each supervisor refused once with each error, and a kill before each; an hour
sweep: dist/runitbox $(OUT)/inject
	$(NODE) test/sweep/run.ts $(if $(SEED),--seed $(SEED))
## sweep-sample: some hundred of these cases, in three minutes; SEED=n plays the same ones again
SAMPLE ?= 240
sweep-sample: dist/runitbox $(OUT)/inject
	$(NODE) test/sweep/run.ts --sample $(SAMPLE) $(if $(SEED),--seed $(SEED))

## fault: fork and descriptor limits, full and read-only disks, kill -9 at any moment
fault: dist/runitbox dist/runitbox-debug tools-compat $(OUT)/jail $(OUT)/refuse
	$(NODE) test/fault/run.ts

## qemu: a real kernel boots dist/runitbox as init, to a supervised shell, and switches off; KERNEL=FILE for another kernel
.cache/linux/vmlinuz:
	@build/tools.sh qemu
	test/qemu/kernel.sh $@
qemu: dist/runitbox .cache/linux/vmlinuz
	@build/tools.sh qemu
	$(NODE) test/qemu/run.ts .cache/linux/vmlinuz

## docker-test: builds every image with a real engine and runs it; SKIP_DOCKER=1 skips, and says so
SCHEMAS := .cache/docker/schemas
$(SCHEMAS)/.stamp: test/docker/schemas.json
	@mkdir -p $(SCHEMAS) && cp $< $(SCHEMAS)/package.json
	npm install --prefix $(SCHEMAS) --no-audit --no-fund --loglevel=error
	@touch $@
docker-test: all tools-docker $(SCHEMAS)/.stamp
	$(NODE) test/docker/run.ts
tools-docker:
	@build/tools.sh docker

## init-test: every init's entry and LXC template of docker/, run for real: LXC, systemd-nspawn, namespaces; wants root
init-test: dist/runitbox
	@build/tools.sh init
	$(NODE) test/init/run.ts

## svlogd: C svlogd and ours on the same input: a matrix, random cases (CASES=n SEED=n), signals, lost lines
CASES ?= 2500
svlogd: dist/runitbox tools-compat
	$(NODE) test/svlogd/run.ts --cases $(CASES) $(if $(SEED),--seed $(SEED))

## bench: every figure against C runit, side by side
bench: dist/runitbox tools-compat
	$(NODE) test/bench/run.ts
bench-quick: dist/runitbox tools-compat
	$(NODE) test/bench/run.ts --quick --assert --slack 2

## bench-log: lines a second beside C svlogd, BusyBox svlogd, s6-log and multilog; latency, memory, wake-ups beside C
bench-log: dist/runitbox tools-peers
	$(NODE) test/bench/log/run.ts
bench-log-quick: dist/runitbox tools-compat
	$(NODE) test/bench/log/run.ts --quick --assert --slack 2

tools-peers: tools-compat
	@build/tools.sh peers
tools-compat:
	@build/tools.sh compat

.PHONY: sweep sweep-sample unit contract contract-ng contract-quickjs contract-noimage sim compat fault svlogd qemu docker-test tools-docker init-test bench bench-quick bench-log bench-log-quick tools-compat tools-peers
