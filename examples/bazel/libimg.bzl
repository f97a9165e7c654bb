# SPDX-License-Identifier: Apache-2.0
"""Images as targets of Bazel: a sketch to copy from, of what the rules of a larger project would be.

An image is an archive of an OCI image layout, which a sandbox can take in as the one file that it is,
and a file with its digest. Bases are archives, too, so that an action needs no network and no state:
its store goes away with its sandbox.
"""

ImageInfo = provider(
    doc = "An image.",
    fields = {"archive": "an archive of its OCI image layout", "digest": "a file with its digest"},
)

def _libimg_tool_impl(repository):
    found = repository.execute(["pkg-config", "--variable=imgtool", "libimg"])
    path = found.stdout.strip() if found.return_code == 0 else repository.which("imgtool")
    if not path:
        fail("imgtool is neither known to pkg-config nor in PATH")
    repository.symlink(path, "imgtool")
    repository.file("BUILD.bazel", "exports_files([\"imgtool\"])\n")

libimg_tool = repository_rule(
    implementation = _libimg_tool_impl,
    doc = "Makes the imgtool that is installed the target @NAME//:imgtool.",
    environ = ["PATH", "PKG_CONFIG_PATH"],
    local = True,
)

def _img_image_impl(ctx):
    archive = ctx.actions.declare_file(ctx.label.name + ".oci.tar")
    digest = ctx.actions.declare_file(ctx.label.name + ".digest")
    inputs = []

    # Times, modes and owners are part of an image, and Bazel cares for none of them.
    arguments = ctx.actions.args()
    arguments.add_all(["--store", digest.path + ".store", "--progress", "none", "build"])
    arguments.add_all(["--mtime", "0", "--chown", "0:0", "--digestfile", digest])
    arguments.add("--output", "oci-archive:%s:latest" % archive.path)
    if ctx.attr.base:
        base = ctx.attr.base[ImageInfo].archive
        inputs.append(base)
        arguments.add("--from", "oci-archive:" + base.path)
    for files, mode in [(ctx.attr.files, "0644"), (ctx.attr.programs, "0755")]:
        for target, destination in files.items():
            for file in target.files.to_list():
                inputs.append(file)
                arguments.add("--add", "%s:%s:mode=%s" % (file.path, destination, mode))
    if ctx.attr.entrypoint:
        arguments.add("--entrypoint", json.encode(ctx.attr.entrypoint))
    arguments.add_all(["%s=%s" % item for item in ctx.attr.env.items()], before_each = "--env")
    arguments.add_all(["%s=%s" % item for item in ctx.attr.labels.items()], before_each = "--label")
    for option, value in [
        ("--user", ctx.attr.user),
        ("--stop-signal", ctx.attr.stop_signal),
        ("--platform", ctx.attr.platform),
    ]:
        if value:
            arguments.add(option, value)

    ctx.actions.run(
        executable = ctx.executable._imgtool,
        arguments = [arguments],
        inputs = inputs,
        outputs = [archive, digest],
        mnemonic = "ImgBuild",
        progress_message = "Building image %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset([archive, digest])),
        ImageInfo(archive = archive, digest = digest),
    ]

_TOOL = attr.label(
    default = "@libimg_tool//:imgtool",
    allow_single_file = True,
    cfg = "exec",
    executable = True,
)

img_image = rule(
    implementation = _img_image_impl,
    doc = "Builds an image.",
    attrs = {
        "base": attr.label(doc = "what it begins with; nothing by default", providers = [ImageInfo]),
        "entrypoint": attr.string_list(),
        "env": attr.string_dict(),
        "files": attr.label_keyed_string_dict(
            doc = "where each file goes: a path, or a directory if it ends with a slash",
            allow_files = True,
        ),
        "labels": attr.string_dict(),
        "platform": attr.string(doc = "OS/ARCH; by default as the base, or this machine"),
        "programs": attr.label_keyed_string_dict(
            doc = "the same of what is executable",
            allow_files = True,
        ),
        "stop_signal": attr.string(),
        "user": attr.string(),
        "_imgtool": _TOOL,
    },
)

def _img_push_impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    archive = ctx.attr.image[ImageInfo].archive
    tool = ctx.executable._imgtool
    ctx.actions.write(script, "#!/bin/sh\nexec '%s' copy 'oci-archive:%s' \"docker://${1:-%s}\"\n" % (
        tool.short_path,
        archive.short_path,
        ctx.attr.reference,
    ), is_executable = True)
    return DefaultInfo(executable = script, runfiles = ctx.runfiles([archive, tool]))

img_push = rule(
    implementation = _img_push_impl,
    doc = "bazel run pushes the image, to the reference or to the one that is its argument.",
    attrs = {
        "image": attr.label(mandatory = True, providers = [ImageInfo]),
        "reference": attr.string(mandatory = True),
        "_imgtool": _TOOL,
    },
    executable = True,
)
