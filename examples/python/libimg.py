# SPDX-License-Identifier: Apache-2.0
"""libimg from Python, by ctypes: nothing to build, and no dependency but libimg.so.0.1 itself.

A part of the API, to copy and to extend: stores, clients, builds, unpacking, and blobs by a transport
of one's own. Errors are exceptions. What a callback raises, KeyboardInterrupt among them, ends the
call that it was called from, and comes out of that. $LIBIMG names another library."""

import ctypes
import os
from ctypes import CFUNCTYPE, POINTER, byref, c_char, c_char_p, c_int, c_int32, c_int64, c_size_t, \
    c_uint32, c_uint64, c_void_p

_lib = ctypes.CDLL(os.environ.get("LIBIMG", "libimg.so.0.1"))

EVENTS = {1: "started", 2: "progress", 3: "done", 4: "exists", 5: "mounted", 6: "cached"}
LEVELS = {1: "warning", 2: "info", 3: "debug"}
NOT_FOUND, DIGEST, CANCELED = -3, -9, -14
UNPACK_ROOTLESS = 1


class _ErrorData(ctypes.Structure):
    _fields_ = [("code", c_int), ("http_status", c_int), ("sys_errno", c_int),
                ("reserved_int", c_int), ("registry_code", c_char * 48),
                ("message", c_char * 1216), ("reserved", c_char * 256)]


class Error(Exception):
    """code is one of IMG_E..., str() is one line to show."""

    def __init__(self, data):
        super().__init__(data.message.decode())
        self.code, self.http_status, self.errno = data.code, data.http_status, data.sys_errno
        self.registry_code = data.registry_code.decode()


class Platform(ctypes.Structure):
    _fields_ = [("os", c_char * 32), ("architecture", c_char * 32), ("variant", c_char * 32),
                ("os_version", c_char * 64)]


class Descriptor(ctypes.Structure):
    _fields_ = [("media_type", c_char * 256), ("digest_text", c_char * 136),
                ("size_bytes", c_uint64), ("platform", Platform)]

    @property
    def digest(self):
        return self.digest_text.decode()


class _Event(ctypes.Structure):
    _fields_ = [("kind", c_int), ("id", c_uint32), ("what", c_char_p), ("from_", c_char_p),
                ("digest", c_char_p), ("done_bytes", c_uint64), ("total_bytes", c_uint64)]


_EVENT_FN = CFUNCTYPE(c_int, POINTER(_Event), c_void_p)
_LOG_FN = CFUNCTYPE(None, c_int, c_char_p, c_void_p)
_BLOB_FN = CFUNCTYPE(c_int, POINTER(Descriptor), c_void_p, c_void_p)
_DATA_FN = CFUNCTYPE(c_int, c_void_p, c_size_t, c_void_p)
_LIST_FN = CFUNCTYPE(c_int, c_char_p, POINTER(Descriptor), c_void_p)
_PART_FN = CFUNCTYPE(c_int, POINTER(Descriptor), c_int32, c_uint32, c_void_p)


class _Options(ctypes.Structure):
    """Its own size and zeros, which are the defaults."""

    def __init__(self, **values):
        super().__init__(size=ctypes.sizeof(self), **values)


class StoreOptions(_Options):
    _fields_ = [("size", c_size_t), ("path", c_char_p), ("must_exist", c_uint32),
                ("reserved", c_uint32)]


class ClientOptions(_Options):
    _fields_ = [("size", c_size_t), ("auth_file", c_char_p), ("plain_http", POINTER(c_char_p)),
                ("ca_file", c_char_p), ("user_agent", c_char_p), ("jobs", c_uint32),
                ("tries", c_uint32), ("connect_timeout_ms", c_uint32),
                ("stall_timeout_ms", c_uint32), ("manifest_limit_bytes", c_uint64),
                ("config_limit_bytes", c_uint64), ("on_credential", c_void_p),
                ("on_credential_arg", c_void_p), ("on_log", _LOG_FN), ("on_log_arg", c_void_p),
                ("resolve", POINTER(c_char_p)), ("insecure", POINTER(c_char_p)),
                ("certs_dir", c_char_p), ("registries_conf", c_char_p), ("hosts_dir", c_char_p),
                ("on_blob", _BLOB_FN), ("on_blob_arg", c_void_p)]


class PullOptions(_Options):
    _fields_ = [("size", c_size_t), ("platform", POINTER(Platform)), ("on_event", _EVENT_FN),
                ("on_event_arg", c_void_p), ("verify", c_uint32), ("reserved", c_uint32)]


class PushOptions(_Options):
    _fields_ = [("size", c_size_t), ("on_event", _EVENT_FN), ("on_event_arg", c_void_p)]


class BuildOptions(_Options):
    _fields_ = [("size", c_size_t), ("platform", Platform), ("compression", c_int32),
                ("level", c_int32), ("epoch", c_int64), ("has_epoch", c_uint32),
                ("ignore_environment", c_uint32), ("on_event", _EVENT_FN),
                ("on_event_arg", c_void_p), ("on_log", _LOG_FN), ("on_log_arg", c_void_p),
                ("threads", c_uint32), ("no_cache", c_uint32)]


class UnpackOptions(_Options):
    _fields_ = [("size", c_size_t), ("platform", POINTER(Platform)), ("client", c_void_p),
                ("layer", c_uint32), ("threads", c_uint32), ("compat", c_uint32),
                ("flags", c_uint32), ("max_entries", c_uint64), ("max_bytes", c_uint64),
                ("uid_map", POINTER(c_char_p)), ("gid_map", POINTER(c_char_p)),
                ("subid_user", c_char_p), ("record", c_char_p), ("on_event", _EVENT_FN),
                ("on_event_arg", c_void_p), ("on_log", _LOG_FN), ("on_log_arg", c_void_p)]


def _bytes(text):
    return None if text is None else os.fsencode(text)


def _strings(texts):
    return (c_char_p * (len(texts) + 1))(*[os.fsencode(text) for text in texts], None)


def _argument(value):
    """Pointers must not be passed as plain numbers, which are ints of C."""
    if isinstance(value, _Handle):
        return c_void_p(value.pointer)
    return byref(value) if isinstance(value, ctypes.Structure) else value


class _Call:
    """Calls, and what their callbacks raised."""
    raised = None

    def wrap(self, kind, fn, default=1):
        """fn as a callback that never lets an exception into C. None is NULL."""
        if fn is None:
            return ctypes.cast(None, kind)

        def guarded(*arguments):
            try:
                return fn(*arguments)
            except BaseException as raised:  # pylint: disable=broad-except
                self.raised = self.raised or raised
                return default
        return kind(guarded)

    def event(self, fn):
        """fn(kind, what, digest, done_bytes, total_bytes); what it returns counts for nothing."""
        def take(event, _):
            told = event.contents
            fn(EVENTS.get(told.kind, ""), told.what.decode(), told.digest.decode(),
               told.done_bytes, told.total_bytes)
            return 0
        return self.wrap(_EVENT_FN, fn and take)

    def __call__(self, name, *arguments):
        error = _ErrorData()
        code = getattr(_lib, name)(*[_argument(value) for value in arguments], byref(error))
        raised, self.raised = self.raised, None
        if raised:
            raise raised
        if code:
            raise Error(error)


class _Handle:
    """What has to be freed: by "with", by close(), or when nobody knows it any more."""
    _free = None

    def __init__(self):
        self.pointer, self.call, self.kept = None, _Call(), None

    def _open(self, name, *arguments):
        pointer, self.kept = c_void_p(), arguments  # with the callbacks in them
        self.call(name, *arguments, byref(pointer))
        self.pointer = pointer.value

    def close(self):
        pointer, self.pointer = self.pointer, None
        if pointer and self._free:
            getattr(_lib, self._free)(c_void_p(pointer))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    __del__ = close


class Store(_Handle):
    _free = "img_store_free"

    def __init__(self, path=None):
        super().__init__()
        self._open("img_store_open", StoreOptions(path=_bytes(path)))

    def resolve(self, reference):
        out = Descriptor()
        self.call("img_store_resolve", self, reference.encode(), out)
        return out

    def tag(self, source, *names):
        self.call("img_store_tag", self, source.encode(), _strings(names))

    def images(self):
        found, call = {}, _Call()

        def take(name, descriptor, _):
            found[name.decode()] = Descriptor.from_buffer_copy(descriptor.contents)
            return 0
        call("img_store_list", self, call.wrap(_LIST_FN, take), None)
        return found

    def unpack(self, reference, destination, on_event=None, flags=0):
        call = _Call()
        options = UnpackOptions(on_event=call.event(on_event), flags=flags)
        call("img_unpack", self, reference.encode(), _bytes(destination), options, None)

    def put_document(self, data, digest=None):
        out = Descriptor()
        self.call("img_store_put_document", self, None, data, c_size_t(len(data)),
                  digest and digest.encode(), out)
        return out

    def parts(self, target):
        """(descriptor, kind, present) of all that target reaches, and itself last."""
        found, call = [], _Call()

        def take(descriptor, kind, present, _):
            found.append((Descriptor.from_buffer_copy(descriptor.contents), kind, bool(present)))
            return 0
        call("img_store_parts", self, target, None, call.wrap(_PART_FN, take), None)
        return found

    def name(self, target, *names):
        self.call("img_store_name", self, target, None, _strings(names))

    def read_blob(self, descriptor, fn):
        """fn takes the bytes, piece by piece; they count once this has returned."""
        call = _Call()

        def take(data, size, _):
            fn(ctypes.string_at(data, size))
            return 0
        call("img_store_read_blob", self, descriptor, call.wrap(_DATA_FN, take), None)

    def put_blob(self, pieces, promised=None):
        with BlobWriter(self, promised) as writer:
            for piece in pieces:
                writer.write(piece)
            return writer.commit()


class BlobWriter(_Handle):
    _free = "img_blob_writer_free"

    def __init__(self, store, promised=None):
        super().__init__()
        self._open("img_blob_writer_new", store, promised)

    def write(self, data):
        self.call("img_blob_writer_write", self, data, c_size_t(len(data)))

    def commit(self):
        out = Descriptor()
        self.call("img_blob_writer_commit", self, out)
        return out


class _LentWriter(BlobWriter):
    _free = None

    def __init__(self, pointer):  # pylint: disable=super-init-not-called
        _Handle.__init__(self)
        self.pointer = pointer


class Client(_Handle):
    """on_blob(descriptor, writer) writes a blob that it has, and returns whether it did."""
    _free = "img_client_free"

    def __init__(self, auth_file=None, plain_http=(), on_log=None, on_blob=None):
        super().__init__()

        def log(level, line, _):
            on_log(LEVELS.get(level, ""), line.decode())

        def blob(descriptor, writer, _):
            with _LentWriter(writer) as lent:
                try:
                    return 0 if on_blob(descriptor.contents, lent) else 1
                except Error as error:  # of the writer, which knows it, too
                    return DIGEST if error.code == DIGEST else 1
        self._open("img_client_new", ClientOptions(
            auth_file=_bytes(auth_file), plain_http=_strings(plain_http),
            on_log=self.call.wrap(_LOG_FN, on_log and log, None),
            on_blob=self.call.wrap(_BLOB_FN, on_blob and blob, -1)))

    def pull(self, store, reference, on_event=None):
        out, call = Descriptor(), self.call
        call("img_pull", self, store, reference.encode(),
             PullOptions(on_event=call.event(on_event)), out)
        return out

    def push(self, store, reference, destination=None, on_event=None):
        out, call = Descriptor(), self.call
        call("img_push", self, store, reference.encode(), destination and destination.encode(),
             PushOptions(on_event=call.event(on_event)), out)
        return out


class Build(_Handle):
    _free = "img_build_free"

    def __init__(self, store, on_event=None, epoch=None):
        super().__init__()
        self._open("img_build_new", store, BuildOptions(
            on_event=self.call.event(on_event), epoch=epoch or 0, has_epoch=epoch is not None))

    def base(self, reference, client=None):
        self.call("img_build_from", self, client, reference.encode())

    def add(self, source, destination="/"):
        self.call("img_build_add_path", self, _bytes(source), _bytes(destination), None)

    def set(self, field, value):
        self.call("img_build_set", self, field.encode(), value.encode())

    def put(self, kind, value):
        """env "K=V", label "K=V", expose "80", volume "/path", annotation "K=V"."""
        self.call("img_build_put", self, kind.encode(), value.encode())

    def argv(self, kind, *words):
        self.call("img_build_set_argv", self, kind.encode(), _strings(words))

    def commit(self, *names):
        manifest = Descriptor()
        self.call("img_build_commit", self, _strings(names), manifest, None)
        return manifest
