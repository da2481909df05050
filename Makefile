# The front door. `make` builds dist/runitbox; `make help` lists the rest. build/README.md tells how it works.
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

ENGINE ?= quickjs
MAIN ?= src/main.ts
O := out/$(ENGINE)
BIN := node_modules/.bin
NODE := $(BIN)/node

SOURCES := $(shell find src -name '*.ts')
HOST := src/host/quickjs
HOST_C := $(HOST)/main.c $(HOST)/bind.c $(HOST)/alloc.c $(HOST)/image.c src/host/c/sys.c
HOST_H := $(HOST)/host.h src/host/c/sys.h
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
STATIC := -DNDEBUG $(KNEE) -fno-pie -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
LINK := -static -no-pie -Wl,--gc-sections,-z,norelro,-z,noseparate-code,--build-id=none
# The image lies below everything else, so that one comparison with a constant tells whose an object is.
LAYOUT := -Wl,--section-start=.jsheap=0x10000000,-Ttext-segment=0x20000000
MUSL := musl-gcc

## all: dist/runitbox, the static executable with its heap image
all: dist/runitbox
## noimage: dist/runitbox-noimage, the same without the heap image
noimage: dist/runitbox-noimage
## debug: dist/runitbox-debug, as noimage, with line numbers in error stacks and symbols for gdb
debug: dist/runitbox-debug
## asan: dist/runitbox-asan, glibc and the address sanitizer, RUNITBOX_FAIL_ALLOC=n refuses the n-th allocation
asan: dist/runitbox-asan
## ng: dist/runitbox-ng, the same sources on the second engine
ng:
	@$(MAKE) --no-print-directory ENGINE=quickjs-ng dist/runitbox-ng

.PHONY: all noimage debug asan ng

# --- tools ---------------------------------------------------------------------------------------------------------

node_modules/.stamp: package.json package-lock.json
	@build/tools.sh npm
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

## tools: what a build needs, installed where apt-get can, named where not
tools: node_modules/.stamp
	@build/tools.sh cc

.PHONY: tools

# --- bundle --------------------------------------------------------------------------------------------------------

$O/runitbox.js: $(SOURCES) $(MAIN) node_modules/.stamp Makefile
	@mkdir -p $O
	$(BIN)/esbuild $(MAIN) --bundle --format=iife --platform=neutral --main-fields=module,main --target=es2023 \
	  --legal-comments=none --minify-whitespace --minify-syntax --log-level=warning --outfile=$@

# --- engine --------------------------------------------------------------------------------------------------------

$O/engine/.stamp: build/engine/fetch.sh build/engine/patch.ts build/engine/$(ENGINE).sha256 node_modules/.stamp
	@mkdir -p $O
	build/engine/fetch.sh $(ENGINE) > $O/source
	rm -rf $O/engine
	$(NODE) build/engine/patch.ts $(ENGINE) "$$(cat $O/source)" $O/engine
	@touch $@

$O/bytecode: build/bytecode.c $O/engine/.stamp Makefile
	$(CC) -O1 $(DEFINES) $(QUIET) $(INCLUDE) -o $@ $< $(addprefix $O/engine/,quickjs.c $(ENGINE_C)) -lm -lpthread

$O/runitbox.bc: $O/runitbox.js $O/bytecode
	$O/bytecode $< $@
$O/runitbox.debug.bc: $O/runitbox.js $O/bytecode
	$O/bytecode $< $@ debug

# --- objects: one set a flavour --------------------------------------------------------------------------------------

ENGINE_O = $1/engine.o $(ENGINE_C:%.c=$1/lib-%.o)
HOST_O = $(patsubst %.c,$1/%.o,$(notdir $(HOST_C)))
OBJECTS = $(ENGINE_O) $(HOST_O)

# flavour, compiler, flags
define flavour
$O/$1/engine.o: $(HOST)/engine.c $O/engine/.stamp $(HOST)/host.h Makefile | $O/$1
	$2 $3 $(DEFINES) $(QUIET) $(INCLUDE) -c -o $$@ $$<
$O/$1/lib-%.o: $O/engine/.stamp Makefile | $O/$1
	$2 $3 $(DEFINES) $(QUIET) $(INCLUDE) -c -o $$@ $O/engine/$$*.c
$O/$1/%.o: $(HOST)/%.c $(HOST_H) $O/engine/.stamp Makefile | $O/$1
	$2 $3 $(DEFINES) $(WARN) $(INCLUDE) -c -o $$@ $$<
$O/$1/%.o: src/host/c/%.c src/host/c/sys.h Makefile | $O/$1
	$2 $3 $(DEFINES) $(WARN) $(INCLUDE) -c -o $$@ $$<
$O/$1: ; @mkdir -p $$@
endef

SANITIZE := -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=alignment,shift \
  -DPLAIN_MALLOC -DFAIL_ALLOC
$(eval $(call flavour,image,$(MUSL),$(STATIC) -DHEAP_IMAGE))
$(eval $(call flavour,plain,$(MUSL),$(STATIC)))
$(eval $(call flavour,debug,$(MUSL),-g -O1 -fno-pie -DFAIL_ALLOC))
$(eval $(call flavour,asan,$(CC),$(SANITIZE)))

objects = $(addprefix $O/$1/,engine.o $(ENGINE_C:%.c=lib-%.o) $(notdir $(HOST_C:.c=.o)))

# --- executables -----------------------------------------------------------------------------------------------------

# Twice the same link but for one constant: image_limit is 0 while the image is built.
$O/stage1: $(call objects,image)
	$(MUSL) $(LINK) $(LAYOUT) -Wl,--defsym=image_limit=0 -o $@ $^ -lm
$O/stage2: $(call objects,image)
	$(MUSL) $(LINK) $(LAYOUT) -Wl,--defsym=image_limit=0x18000000 -o $@ $^ -lm
$O/heap: $O/stage1 $O/runitbox.bc
	env -i $O/stage1 --dump $O/runitbox.bc $@
dist/runitbox: $O/stage1 $O/stage2 $O/heap build/elf.ts
	@mkdir -p dist
	@nm $O/stage1 | grep -v image_limit > $O/stage1.nm; nm $O/stage2 | grep -v image_limit | cmp - $O/stage1.nm
	$(NODE) build/elf.ts $O/stage2 $O/heap $O/runitbox
	@mv $O/runitbox $@; sync $@
	@ls -l $@

define embed # bytecode
printf '.section .rodata\n.globl bundle, bundle_end\nbundle: .incbin "%s"\nbundle_end: .byte 0\n.section .note.GNU-stack,"",%%progbits\n' $1 > $O/bundle-$2.s
endef
dist/runitbox-noimage: $(call objects,plain) $O/runitbox.bc
	@mkdir -p dist
	@$(call embed,$O/runitbox.bc,plain)
	$(MUSL) $(LINK) -s -o $@ $(call objects,plain) $O/bundle-plain.s -lm
dist/runitbox-ng: dist/runitbox-noimage-ng ; mv $< $@
dist/runitbox-noimage-ng: $(call objects,plain) $O/runitbox.bc
	@mkdir -p dist
	@$(call embed,$O/runitbox.bc,plain)
	$(MUSL) $(LINK) -s -o $@ $(call objects,plain) $O/bundle-plain.s -lm
dist/runitbox-debug: $(call objects,debug) $O/runitbox.debug.bc
	@mkdir -p dist
	@$(call embed,$O/runitbox.debug.bc,debug)
	$(MUSL) -static -no-pie -g -o $@ $(call objects,debug) $O/bundle-debug.s -lm
dist/runitbox-asan: $(call objects,asan) $O/runitbox.debug.bc
	@mkdir -p dist
	@$(call embed,$O/runitbox.debug.bc,asan)
	$(CC) $(SANITIZE) -o $@ $(call objects,asan) $O/bundle-asan.s -lm
