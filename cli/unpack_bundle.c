/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool unpack --bundle: what is to run stands behind REF and DEST, and behind "--" if there are
 * options in it.
 */
#include "unpack_bundle.h"

#include "fail.h"

int unpack_bundle_check(const struct arguments *args, img_error *err)
{
    static const char *const alone[] = {"hostname", "terminal"};

    if (option_count(args, "bundle"))
        return 0;
    if (args->operand_count > 2)
        return cli_fail(err, IMG_EINVAL,
                        "unpack: unexpected argument '%s'; a command needs --bundle",
                        args->operands[2]);
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
        if (option_count(args, alone[i]))
            return cli_fail(err, IMG_EINVAL, "--%s needs --bundle", alone[i]);
    return 0;
}

int unpack_or_bundle(const struct arguments *args, img_store *store,
                     const img_unpack_options *unpack, img_unpack_result *result, img_error *err)
{
    img_bundle_options options = IMG_BUNDLE_OPTIONS_INIT;

    if (!option_count(args, "bundle"))
        return img_unpack(store, args->operands[0], args->operands[1], unpack, result, err);
    options.unpack = unpack;
    options.cmd = args->operand_count > 2 ? args->operands + 2 : NULL;
    options.hostname = option_value(args, "hostname");
    options.flags = option_count(args, "terminal") ? IMG_BUNDLE_TERMINAL : 0;
    return img_unpack_bundle(store, args->operands[0], args->operands[1], &options, result, err);
}
