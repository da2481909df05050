# The front door. `make` builds dist/runitbox; `make help` lists the rest. build/README.md tells how it works.
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

ENGINE ?= quickjs
MAIN ?= src/main.ts
OUT ?= out
# The processor to build for, this machine's where it is empty; build/cross.sh lists the others.
ARCH ?=
DIST ?= dist$(ARCH:%=/%)
O := $(OUT)/$(ENGINE)
# what is made for that processor; what is the same for all lies in $O
T := $O$(ARCH:%=/%)
# what is the same for all with the same byte order
B = $(if $(filter $(BIG_ENDIAN),$(ARCH)),$T,$O)
BIN := node_modules/.bin
# npm brings a Node.js that runs the build's TypeScript, whatever the system has; where it does not, on musl systems and in a source
# archive, the system's own, which an older one does by build/node.sh.
NODE = $(shell for node in node_modules/node-linux-*/bin/node; do "$$node" --version >/dev/null 2>&1 && echo "$$node" && exit; done; \
  node -e 'process.features.typescript || process.exit(1)' >/dev/null 2>&1 && echo node || echo build/node.sh)

# package.json has the version, and nothing else has.
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
DEFINE_VERSION := --define:RUNITBOX_VERSION='"$(VERSION)"'
# Processors whose numbers have the highest byte first: bundles and bytecode of theirs are not those of the others.
BIG_ENDIAN := s390x
DEFINE_ORDER := --define:RUNITBOX_BIG_ENDIAN=$(if $(filter $(BIG_ENDIAN),$(ARCH)),true,false)

SOURCES := $(shell find src -name '*.ts')
HOST := src/host/quickjs
# The system calls, one file for each family; src/host/node/build.sh has the same list.
CALLS_C := $(addprefix src/host/c/,sys.c files.c signals.c processes.c poll.c terminal.c self.c sockets.c log.c lines.c privileges.c checkpoint.c reexec.c)
CALLS_H := $(wildcard src/host/c/*.h)
HOST_C := $(HOST)/main.c $(HOST)/bind.c $(HOST)/alloc.c $(CALLS_C)
HOST_H := $(HOST)/host.h src/host/c/sys.h $(HOST)/image/image.h
ENGINE_C_quickjs := cutils.c dtoa.c libregexp.c libunicode.c
ENGINE_C_quickjs-ng := dtoa.c libregexp.c libunicode.c
ENGINE_C := $(ENGINE_C_$(ENGINE))

# Near -O2's speed for less than half of its growth: measured (build/README.md).
KNEE := -O2 -fno-align-functions -fno-align-jumps -fno-align-loops -fno-tree-vectorize -fno-ipa-cp-clone \
  -fno-inline-functions -fno-partial-inlining
DEFINES := -D_GNU_SOURCE -DCONFIG_VERSION='"$(ENGINE)"'
ifeq ($(ENGINE),quickjs-ng)
DEFINES += -DRUNITBOX_NG
endif
INCLUDE = -isystem $O/engine -I$(HOST)
WARN := -Wall -Wextra -Werror=incompatible-pointer-types -Werror=implicit-function-declaration
QUIET := -w -Werror=incompatible-pointer-types
STATIC := -g -DNDEBUG $(KNEE) -fno-pie -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
LINK := -static -no-pie -Wl,--gc-sections,-z,norelro,-z,noseparate-code,--build-id=none
LAYOUT := -Wl,-T,build/image/layout.ld
# Which compilers there are is known once the tools are installed: where a recipe runs, not where this is read.
COMPILER := $(OUT)/compiler
TARGET_COMPILER := $(COMPILER)$(ARCH:%=-%)
found = $(shell sed -n 's/^$1=//p' $(TARGET_COMPILER))
MUSL = $(call found,musl)
NM = $(or $(call found,nm),nm)
# runs a program of that processor
EMULATOR = $(call found,emulator)

## all: dist/runitbox, the static executable with its heap image
all: $(DIST)/runitbox
## run: builds, then supervises the services of docs/example in the foreground
run: $(DIST)/runitbox
	@build/run.sh $(DIST)/runitbox
## test: everything: the suites of test/all.ts; a skipped test fails, unless RUNITBOX_ALLOW_SKIPS=1
test: NEEDS = build $(TEST_NEEDS)
test: tools
	$(NODE) test/all.ts
## check: types, lint, format, and the rules of the project (build/rules.ts)
check: tools
	$(NODE) $(BIN)/tsc --noEmit
	$(NODE) $(BIN)/biome check --error-on-warnings
	$(NODE) build/rules.ts
## noimage: dist/runitbox-noimage, the same without the heap image
noimage: $(DIST)/runitbox-noimage
## debug: dist/runitbox-debug, as noimage, with line numbers in error stacks and symbols for gdb
debug: $(DIST)/runitbox-debug
## asan: dist/runitbox-asan, glibc and the address sanitizer, RUNITBOX_FAIL_ALLOC=n refuses the n-th allocation
asan: $(DIST)/runitbox-asan
## ng: dist/runitbox-ng, the same sources on the second engine
ng:
	@$(MAKE) --no-print-directory ENGINE=quickjs-ng $(DIST)/runitbox-ng

## repro: proves that a second build gives the same bytes
repro: all
	rm -rf $(OUT)/again
	@$(MAKE) --no-print-directory OUT=$(OUT)/again/out DIST=$(OUT)/again/dist all > /dev/null
	cmp $(DIST)/runitbox $(OUT)/again/dist/runitbox && echo 'the second build is the same, byte for byte'
## size: fails where dist/runitbox is larger than LIMIT bytes
LIMIT := 1900000
size: all
	@size=$$(wc -c < $(DIST)/runitbox); echo "$$size of $(LIMIT) bytes"; test $$size -le $(LIMIT)
## hot: measures anew which functions and which blocks of the heap usual runs touch (build/image/hot.*; wants valgrind)
hot: all
	@build/tools.sh hot
	NODE=$(NODE) build/image/hot.sh $(DIST)/runitbox $O/runitbox.map $O/runitbox.heap $O/runitbox.notes
## clean: removes what builds made, but not the downloads (.cache, node_modules)
clean:
	rm -rf $(OUT) $(DIST)
## help: this list
help:
	@sed -n 's/^## /  make /p' $(MAKEFILE_LIST)

.PHONY: all run test check noimage debug asan ng repro size hot clean help

# --- tools ---------------------------------------------------------------------------------------------------------

# What is needed of the system: installed where apt-get can, named where not. The file says which compilers were found, and
# changes with them alone; what they make depends on it.
NEEDS := build
$(COMPILER): FORCE
	@CC='$(CC)' COMPILER=$@ build/tools.sh $(NEEDS)
FORCE:
ifneq ($(ARCH),)
$(TARGET_COMPILER): FORCE | $(COMPILER)
	@build/cross.sh $(ARCH) $@
endif

# npm writes the second file: whoever ran it by hand may have taken away what a build needs.
node_modules/.stamp: package.json package-lock.json $(wildcard node_modules/.package-lock.json) build/modules.sh | $(COMPILER)
	@build/modules.sh
	@touch $@

tools: $(COMPILER) node_modules/.stamp
.PHONY: tools FORCE

# A file is there under its name only as a whole, also when make was killed: $(call whole,COMMAND THAT MAKES $@.new)
whole = $1 && mv $@.new $@

# --- bundle --------------------------------------------------------------------------------------------------------

# runitbox.js is what the heap image holds; cold-*.js are loaded when they are first asked for; whole.js is all, for builds
# without an image.
COLD := $(patsubst src/cold-%.ts,%,$(wildcard src/cold-*.ts))
bundle = $(BIN)/esbuild $1 --bundle --format=iife --platform=neutral --main-fields=module,main --preserve-symlinks --target=es2023 \
  --banner:js='"use strict";' --supported:logical-assignment=false --legal-comments=none --minify-whitespace --minify-syntax \
  $(DEFINE_VERSION) $(DEFINE_ORDER) --log-level=warning --outfile=$@.new
BUNDLE_FROM := $(SOURCES) node_modules/.stamp Makefile

# All of them at once, as cold parts take from the image what that has; the stamp is older than what it stands for.
BUNDLES := $B/runitbox.js $(COLD:%=$B/cold-%.js)
$B/bundles.stamp: build/image/bundle.ts build/image/samples.js $(BUNDLE_FROM)
	@mkdir -p $B && touch $@.new
	$(call whole,$(NODE) build/image/bundle.ts $B $(MAIN) $(DEFINE_VERSION) $(DEFINE_ORDER))
$(BUNDLES): $B/bundles.stamp ;
$B/whole.js: src/whole.ts $(BUNDLE_FROM)
	@mkdir -p $B
	$(call whole,$(call bundle,$<))

# --- engine --------------------------------------------------------------------------------------------------------

$O/engine/.stamp: build/engine/fetch.sh build/engine/patch.ts build/engine/$(ENGINE).sha256 node_modules/.stamp | $(COMPILER)
	@mkdir -p $O
	NODE=$(NODE) build/engine/fetch.sh $(ENGINE) > $O/source
	rm -rf $O/engine
	$(NODE) build/engine/patch.ts $(ENGINE) "$$(cat $O/source)" $O/engine
	@touch $@

# Bytecode is the same for all processors with the same byte order; where it is the other one, a program of that processor
# makes it. To optimize that program would take longer than it runs.
BYTECODE_COMPILER := $(if $(filter $B,$O),$(COMPILER),$(TARGET_COMPILER))
ifeq ($B,$O)
BYTECODE_CC = $(CC)
else
BYTECODE_CC = $(MUSL) -static
RUN_BYTECODE = $(EMULATOR)
endif
$B/bytecode: build/bytecode.c $O/engine/.stamp $(BYTECODE_COMPILER) Makefile
	@mkdir -p $B
	$(call whole,$(BYTECODE_CC) -O0 $(DEFINES) $(QUIET) $(INCLUDE) -o $@.new $< $(addprefix $O/engine/,quickjs.c $(ENGINE_C)) -lm -lpthread)

$B/runitbox.bc $(COLD:%=$B/cold-%.bc) $B/whole.bc: $B/%.bc: $B/%.js $B/bytecode
	$(call whole,$(RUN_BYTECODE) $B/bytecode $< $@.new)
$B/whole.debug.bc: $B/whole.js $B/bytecode
	$(call whole,$(RUN_BYTECODE) $B/bytecode $< $@.new debug)

# --- objects: one set a flavour --------------------------------------------------------------------------------------

# flavour, variable with the compiler, flags
define flavour
$T/$1/engine.o: $(HOST)/engine.c $O/engine/.stamp $(HOST)/host.h $(wildcard $(HOST)/image/*.[ch]) $(TARGET_COMPILER) Makefile | $T/$1
	$$(call whole,$$($2) $3 $(DEFINES) $(QUIET) $(INCLUDE) -c -o $$@.new $$<)
$T/$1/lib-%.o: $O/engine/.stamp $(TARGET_COMPILER) Makefile | $T/$1
	$$(call whole,$$($2) $3 $(DEFINES) $(QUIET) $(INCLUDE) -c -o $$@.new $O/engine/$$*.c)
$T/$1/%.o: $(HOST)/%.c $(HOST_H) $O/engine/.stamp $(TARGET_COMPILER) Makefile | $T/$1
	$$(call whole,$$($2) $3 $(DEFINES) $(WARN) $(INCLUDE) -c -o $$@.new $$<)
$T/$1/%.o: src/host/c/%.c $(CALLS_H) $(TARGET_COMPILER) Makefile | $T/$1
	$$(call whole,$$($2) $3 $(DEFINES) $(WARN) $(INCLUDE) -c -o $$@.new $$<)
$T/$1/%.o: $(HOST)/image/%.c $(HOST_H) $O/engine/.stamp $(TARGET_COMPILER) Makefile | $T/$1
	$$(call whole,$$($2) $3 $(DEFINES) $(WARN) $(INCLUDE) -c -o $$@.new $$<)
$T/$1: ; @mkdir -p $$@
endef

SANITIZE := -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=alignment,shift \
  -DPLAIN_MALLOC -DFAIL_ALLOC
$(eval $(call flavour,image,MUSL,$$(STATIC) -DHEAP_IMAGE))
$(eval $(call flavour,plain,MUSL,$$(STATIC)))
$(eval $(call flavour,debug,MUSL,-g -O1 -fno-pie -DFAIL_ALLOC))
$(eval $(call flavour,asan,CC,$$(SANITIZE)))

objects = $(addprefix $T/$1/,engine.o $(ENGINE_C:%.c=lib-%.o) $(notdir $(HOST_C:.c=.o)) $(if $(filter image,$1),make.o cold.o cold-parts.o))

# --- executables -----------------------------------------------------------------------------------------------------

# The cold parts as an object with one name, cold_parts.
$T/cold-parts: build/image/pack-parts.ts $(COLD:%=$B/cold-%.bc)
	$(call whole,$(NODE) $< $@.new $(filter %.bc,$^))
$T/image/cold-parts.s: $T/cold-parts Makefile | $T/image
	@printf '%s\n' '.section .cold_parts,"a",%progbits' '.globl cold_parts' 'cold_parts: .incbin "$<"' \
	  '.section .note.GNU-stack,"",%progbits' > $@.new && mv $@.new $@
$T/image/cold-parts.o: $T/image/cold-parts.s $(TARGET_COMPILER)
	$(call whole,$(MUSL) -c -o $@.new $<)

ELF_TS := build/image/elf.ts build/image/elf-format.ts
# Twice the same link but for constants: image_limit is 0 while the image is built, then the image's end.
$T/places: build/image/hot.places build/image/places.ts $T/stage1
	$(call whole,$(NODE) build/image/places.ts pack $< $@.new $$($(NODE) build/image/elf.ts order $T/stage1))
$T/stage1: $(call objects,image) build/image/layout.ld build/image/hot.ld
	$(MUSL) $(LINK) $(LAYOUT) -Wl,--defsym=image_limit=0,--defsym=image_atoms=0 -o $@.new $(call objects,image) -lm
	@mv $@.new $@
$T/%.heap: $B/%.bc $T/places $T/stage1
	$(call whole,env -i $(EMULATOR) $T/stage1 --dump $< $T/places $@.new $T/$*.notes)
$T/%.elf: $T/%.heap $T/stage1 $(ELF_TS)
	$(MUSL) $(LINK) $(LAYOUT) -Wl,-Map=$T/$*.map \
	  -Wl,$$($(NODE) build/image/elf.ts symbols $T/stage1 $<) \
	  -o $@.new $(call objects,image) -lm
	@$(NM) $T/stage1 | grep -vE ' image_(limit|atoms)' > $@.nm; $(NM) $@.new | grep -vE ' image_(limit|atoms)' | cmp - $@.nm
	@mv $@.new $@
$T/%.image: $T/%.elf $T/%.heap $(ELF_TS)
	$(call whole,$(NODE) build/image/elf.ts join $T/$*.elf $T/$*.heap $@.new)
	@sync $@
.PRECIOUS: $T/%.heap $T/%.elf

$(DIST)/runitbox: $T/runitbox.image
	@mkdir -p $(DIST)
	@cp $< $@.new && mv $@.new $@ && sync $@
	@ls -l $@

define embed # bytecode
printf '.section .rodata\n.globl bundle, bundle_end\nbundle: .incbin "%s"\nbundle_end: .byte 0\n.section .note.GNU-stack,"",%%progbits\n' $1 > $T/bundle-$2.s
endef
$(DIST)/runitbox-noimage $(DIST)/runitbox-ng: $(call objects,plain) $B/whole.bc
	@mkdir -p $(DIST)
	@$(call embed,$B/whole.bc,plain)
	$(call whole,$(MUSL) $(LINK) -s -o $@.new $(call objects,plain) $T/bundle-plain.s -lm)
$(DIST)/runitbox-debug: $(call objects,debug) $B/whole.debug.bc
	@mkdir -p $(DIST)
	@$(call embed,$B/whole.debug.bc,debug)
	$(call whole,$(MUSL) -static -no-pie -g -o $@.new $(call objects,debug) $T/bundle-debug.s -lm)
$(DIST)/runitbox-asan: $(call objects,asan) $B/whole.debug.bc
	@mkdir -p $(DIST)
	@$(call embed,$B/whole.debug.bc,asan)
	$(call whole,$(CC) $(SANITIZE) -o $@.new $(call objects,asan) $T/bundle-asan.s -lm)

include build/checks.mk
include build/node.mk
include build/install.mk
