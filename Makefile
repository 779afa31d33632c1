# A thin front for newcomers. Meson builds; the scripts in tools/ do the rest, and can be run alone.
#
#   make run            build, make harmless samples, scan them, show what was found
#   make run DIR=PATH   the same with a folder of your own
#   make build          the programs, in build/bin/
#   make check          every gate and every test
#   make fuzz TIME=600  each fuzz harness for TIME seconds
#   make bench          overt against clamscan on this machine (SHARED=folder of database files), against yara (RULES="name=folder ...")
#   make reproduce      build twice, elsewhere and otherwise, and compare bytes; BUILDER=URI make reproduce: who says so in its statement
#   make falsehits      the built-in rules over a Debian desktop and 300 npm packages; fetches 1.6 GB
#   make debianroot     as root: a Debian desktop of 100,000 files and more by debootstrap and apt; overt covered must find nothing in it
#   make install        to PREFIX (/usr/local), below DESTDIR when given; NAMES="yara yarac clamscan": these as links to overt
#   make format         rewrite the C files as .clang-format says
#   make clean          remove build/

TIME ?= 60
PREFIX ?= /usr/local
RELEASE := build/release

.PHONY: all run build check fuzz bench falsehits debianroot reproduce install format clean deps
all: build

deps:
	@tools/deps.sh build

$(RELEASE)/build.ninja:
	@$(MAKE) --no-print-directory deps
	meson setup $(RELEASE) --buildtype=release --prefix=$(PREFIX) -Dtests=false

# Meson knows what is out of date, so this runs each time and mostly does nothing.
build: $(RELEASE)/build.ninja
	@$(MAKE) --no-print-directory deps
	@ninja -C $(RELEASE)
	@tools/collect-programs.sh $(RELEASE) build/bin

run: build
	@tools/run.sh $(DIR)

check:
	@tools/deps.sh build run test
	@python3 tools/check.py

fuzz:
	@tools/deps.sh build fuzz
	@tools/fuzz.sh run $(TIME)
	@[ ! -x build/bin/overt ] || for of in yara_diff yara_x_diff; do \
		python3 tests/differential/$$of.py build/bin/overt --seed $$(date +%s) --rounds 20 || [ $$? = 77 ] || exit 1; done

bench: build
	@tools/deps.sh bench
	@python3 bench/run.py $(if $(SHARED),--shared "$(SHARED)") $(BENCH_ARGS)
	@[ -z "$(RULES)" ] || python3 bench/yara.py $(foreach r,$(RULES),--rules "$(r)") $(if $(YARAX),--yarax "$(YARAX)") $(YARA_ARGS)

falsehits: build
	@python3 tools/falsehits.py $(FALSEHITS_ARGS)

debianroot: build
	@python3 tools/debianroot.py $(DEBIANROOT_ARGS)

reproduce:
	@tools/deps.sh build
	@tools/reproduce.sh

install: build
	@meson configure $(RELEASE) --prefix=$(PREFIX)
	meson install -C $(RELEASE)
	@for n in $(NAMES); do ln -sfv overt "$(DESTDIR)$(PREFIX)/bin/$$n"; done

format:
	@tools/format.sh fix

clean:
	rm -rf build
