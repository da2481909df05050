# Installing, and what strangers get: tarballs, checksums, a list of parts, packages. Included by the Makefile; docs/install.md tells of it.

PREFIX ?= /usr/local
DESTDIR ?=
installer = PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' FORCE='$(FORCE)' EMULATOR='$(EMULATOR)' build/install.sh

## install: the executable, links, manual and completions below PREFIX=/usr/local; DESTDIR=DIR for packages; FORCE=1 replaces others
install: $(DIST)/runitbox
	@$(call installer) install $<
## uninstall: takes away what install made
uninstall: $(DIST)/runitbox
	@$(call installer) uninstall $<

# --- releases ------------------------------------------------------------------------------------------------------

RELEASE := dist/release
# this machine's processor, as ARCH has it
HERE := $(shell uname -m | sed 's/aarch64/arm64/; s/armv[78].*/armv7/; s/i.86/i386/')
# the time of the last commit, unless it is said
RELEASE_TIME = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null))

## release: dist/release: tarballs, packages, images and lists of parts for all processors, sources, sums; RELEASE_ARCHES='arm64' for some
RELEASE_ARCHES ?= $(ARCHES)
release: $(DIST)/runitbox tools-packages
	@test -n '$(RELEASE_TIME)' || { echo 'expected a checkout of git, or SOURCE_DATE_EPOCH=SECONDS' >&2; exit 2; }
	@rm -rf $(RELEASE)
	@for arch in '' $(RELEASE_ARCHES); do $(MAKE) --no-print-directory ARCH=$$arch release-one || exit; done
	@$(MAKE) --no-print-directory release-whole
	@cd $(RELEASE) && ls -l
release-one: $(DIST)/runitbox
	@SOURCE_DATE_EPOCH='$(RELEASE_TIME)' MUSL='$(MUSL)' EMULATOR='$(EMULATOR)' NODE='$(NODE)' \
	  build/release/make.sh $< $(or $(ARCH),$(HERE)) $(VERSION) $(RELEASE)
# what there is once: images, packages of npm, sources, sums and, with MINISIGN_KEY=FILE, their signature
release-whole: out/node/runitbox.cjs out/npm/types/api/index.d.ts
	@SOURCE_DATE_EPOCH='$(RELEASE_TIME)' NODE='$(NODE)' build/release/whole.sh $(VERSION) $(RELEASE) \
	  $(HERE)=$(DIST)/runitbox $(foreach arch,$(RELEASE_ARCHES),$(arch)=dist/$(arch)/runitbox)
## release-test: installing, and a release for this processor: made twice, checked, installed on a bare Debian
release-test: $(DIST)/runitbox tools-release
	$(AS_ROOT) $(NODE) test/release/run.ts
## release-lint: the same, and lintian and rpmlint have nothing to say
release-lint: $(DIST)/runitbox tools-release tools-lint
	$(AS_ROOT) $(NODE) test/release/run.ts --lint
## release-full: that, and what takes minutes: builds from the source archive without a network, on bare Debian 12 and 13; arm64's image
release-full: $(DIST)/runitbox arch-build-arm64 tools-release tools-lint tools-docker tools-arch
	test/arch/fetch.sh .cache/boot arm64
	$(AS_ROOT) $(NODE) test/release/run.ts --lint --full

.PHONY: release-lint release-full install uninstall release release-one release-whole release-test
