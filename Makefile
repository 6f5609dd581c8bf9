# A short front for meson. Every target but clean, install and uninstall first runs tools/setup.
BUILD := build
SAN   := build-san
YINXIN := $(BUILD)/src/cmd/yinxin

.PHONY: all build assets run story test test-long bench coverage tidy format deb install uninstall clean setup-build setup-run setup-all

all: build

setup-build:
	@tools/setup build
setup-run:
	@tools/setup build run
setup-all:
	@tools/setup build run test

$(BUILD)/build.ninja: meson.build meson_options.txt
	@test -e $@ || meson setup $(BUILD) >/dev/null
	@touch $@

# What ninja says when all is well ("no work to do") is no news.
build: setup-build
	@$(MAKE) --silent --no-print-directory $(BUILD)/build.ninja
	@test -e $(YINXIN) || echo "building; the first time this takes some minutes"
	@said=$$(ninja -C $(BUILD) --quiet 2>&1) || { echo "$$said"; exit 1; }

assets: setup-run
	@node tools/build-assets.mjs $(BUILD)/www/assets

run: setup-run build assets deb
	@$(YINXIN) up

story: setup-all build assets deb
	@node tests/browser/story.mjs $(BUILD)

test: setup-all build assets deb
	@tests/run.sh $(BUILD)

test-long: setup-all build assets deb
	@tests/run.sh --long $(BUILD)

# .clang-format is the law, tests/meta compares.
format:
	@clang-format --style=file -i $$(git ls-files -co --exclude-standard 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]')

bench: setup-all build assets
	@bench/run.sh $(BUILD)

# A line for each folder under src/, by the unit tests.
coverage: setup-all
	@tools/coverage

# What .clang-tidy asks for, over all of src/.
tidy: setup-all build
	@clang-tidy -p $(BUILD) --quiet $$(git ls-files 'src/*.c') 2>/dev/null

deb: setup-run build
	@packaging/make-deb $(BUILD)

install:
	@tools/install '$(BUILD)' '$(DESTDIR)'

uninstall:
	@tools/uninstall "$$(tools/install --list '$(BUILD)')" '$(DESTDIR)'

clean:
	@rm -rf $(BUILD) $(SAN) build-*
