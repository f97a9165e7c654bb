# SPDX-License-Identifier: Apache-2.0
#
# Images as ordinary files of GNU make. An image NAME is the file NAME.digest, which holds its digest,
# and two variables:
#
#   include $(shell pkg-config --variable=makefile libimg)
#
#   all: app.digest
#   app_TAG   = localhost:5000/app:1
#   app_IMAGE = --add app:/usr/bin/:mode=0755,uid=0,gid=0 --entrypoint /usr/bin/app
#   app.digest: app
#
# NAME_IMAGE is what "imgtool build" takes; NAME_TAG is one name, or several. What --add and its like
# read, directories with all that is in them too, is known after the first build from NAME.digest.d;
# only what make itself must make first has to be named behind NAME.digest. An image on another one
# says so in the same way:
#
#   app_IMAGE = --from localhost:5000/base:1 ...
#   app.digest: base.digest
#
# "make NAME.push" pushes all names. The variables below may be set before or after the include.
#
#   IMGTOOL        the command
#   LIBIMG_STORE   where images are kept, so that nothing goes to the user's own store
#   LIBIMG_BUILD   what all images have in common: times and modes that depend neither on who builds
#                  nor on when

IMGTOOL ?= $(shell pkg-config --variable=imgtool libimg)
LIBIMG_STORE ?= .libimg
LIBIMG_BUILD ?= --mtime 0 --chmod u=rwX,go=rX --chown 0:0

# The digest that did not change is not written again; to make it is older than its inputs then.
%.digest:
	$(if $($*_IMAGE),,$(error $*.digest: set $*_IMAGE to what 'imgtool build' takes))
	$(IMGTOOL) --store $(LIBIMG_STORE) --progress none build \
	    $(addprefix -t ,$($*_TAG)) $(LIBIMG_BUILD) $($*_IMAGE) \
	    --depfile $@.d --depfile-target $@ --digestfile $@
	@touch $@

%.push: %.digest
	$(if $($*_TAG),,$(error $*.push: set $*_TAG to a name in a registry))
	set -e; for name in $($*_TAG); do $(IMGTOOL) --store $(LIBIMG_STORE) push "$$name"; done

.PRECIOUS: %.digest

# What is included here is not what "make" alone is to make.
libimg_goal := $(.DEFAULT_GOAL)
-include $(wildcard *.digest.d)
.DEFAULT_GOAL := $(libimg_goal)
