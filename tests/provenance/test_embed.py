#!/usr/bin/env python3
"""Programs of other people with overt linked into them: C, Go and Rust, static, stripped, optimised, renamed, packed. Does
`overt whois` name overt?

  test_embed.py PROGRAM WORKER LIBRARY LIBRARY_LTO|- INCLUDE BUILD|- [unittest arguments]
"""
import glob
import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest

PROGRAM = WORKER = LIBRARY = LIBRARY_LTO = INCLUDE = BUILD = ""

C = r"""
#include <stdio.h>
#include <overt/engine.h>
/* A mail filter with a scan engine inside that it does not name. */
int main(void)
{
	struct overt_options *o = overt_options_new();
	struct overt_engine *e = NULL;
	const enum overt_status st = overt_engine_open(o, &e);

	puts(overt_engine_error(e));
	overt_engine_close(&e);
	overt_options_free(&o);
	return st == OVERT_OK ? 0 : 1;
}
"""
GO = r"""
package main

// #include <overt/engine.h>
import "C"

func main() {
	o := C.overt_options_new()
	var e *C.struct_overt_engine
	C.overt_engine_open(o, &e)
	println(C.GoString(C.overt_engine_error(e)))
	C.overt_engine_close(&e)
}
"""
RUST = r"""
use std::os::raw::{c_int, c_void};
#[link(name = "overt", kind = "static")]
#[link(name = "seccomp", kind = "static")]
#[link(name = "crypto", kind = "static")]
extern "C" {
    fn overt_options_new() -> *mut c_void;
    fn overt_engine_open(o: *const c_void, e: *mut *mut c_void) -> c_int;
    fn overt_engine_close(e: *mut *mut c_void);
}
fn main() {
    unsafe {
        let mut e: *mut c_void = std::ptr::null_mut();
        println!("{}", overt_engine_open(overt_options_new(), &mut e));
        overt_engine_close(&mut e);
    }
}
"""
STATIC = ["-static", "-lcrypto", "-lseccomp"]


def sstrip(data):
    """Without section headers, as the smallest strippers leave it: the kernel does not read them."""
    data = bytearray(data)
    (shoff,) = struct.unpack_from("<Q", data, 40)
    struct.pack_into("<Q", data, 40, 0)
    struct.pack_into("<HHH", data, 58, 0, 0, 0)
    return bytes(data[:shoff])


class Base(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ov-embed-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        os.chmod(self.dir, 0o755)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("OVERT_", "XDG_"))}
        self.env.update(LC_ALL="C", HOME=self.dir, GOCACHE=os.path.join(self.dir, "go"), GO111MODULE="off", GOFLAGS="", CGO_ENABLED="1")
        if os.path.exists(os.path.expanduser("~/.rustup")):
            self.env["RUSTUP_HOME"] = os.path.expanduser("~/.rustup")

    def path(self, name):
        return os.path.join(self.dir, name)

    def put(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        os.chmod(self.path(name), 0o755)
        return self.path(name)

    def get(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def tool(self, *args):
        p = subprocess.run(args, cwd=self.dir, env=self.env, capture_output=True, timeout=300, check=False)
        self.assertEqual(p.returncode, 0, f"{args}\n{p.stdout.decode()}{p.stderr.decode()}")

    def need(self, *names):
        for name in names:
            if shutil.which(name) is None:
                self.skipTest(f"{name} is not installed (tools/deps.sh test)")

    def whois(self, name, code=0):
        p = subprocess.run([PROGRAM, "whois", "--format", "json", name], cwd=self.dir, env=dict(self.env, OVERT_WORKER=WORKER),
                           capture_output=True, timeout=120, check=False)
        self.assertEqual(p.returncode, code, p.stdout.decode() + p.stderr.decode())
        return json.loads(p.stdout)

    def named(self, name, kinds=("carrier", "package-note")):
        found = [e for e in self.whois(name)["engines"] if e["engine"] == "overt"]
        self.assertEqual([(e["relation"], e["grade"]) for e in found], [("contains", "E3")], name)
        evidence = {e["kind"]: e for e in found[0]["evidence"]}
        self.assertEqual(sorted(k for k in ("carrier", "package-note") if k in evidence), sorted(kinds), name)
        if "carrier" in kinds:
            self.assertEqual(evidence["carrier"]["detail"], "whole")
            self.assertIn("format ", evidence["carrier"]["value"])
        self.assertRegex(found[0]["version"], r"^\d+\.\d+\.\d+$")
        return found[0]

    def c_program(self, name, *options, library=None):
        self.put("main.c", C)
        self.tool("cc", "-O2", "-I", INCLUDE, "main.c", "-o", name, *options[:-3 if options[-3:] == tuple(STATIC) else None],
                  library or LIBRARY, *(STATIC if options[-3:] == tuple(STATIC) else ["-lcrypto", "-lseccomp"]))


class Embed(Base):
    def test_c(self):
        """The note and the record are there in each, and the program still works: it finds no worker, and says so."""
        variants = {
            "plain": [],
            "static": STATIC,
            "collected": ["-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-Wl,--as-needed", *STATIC],
            "optimised": ["-flto", "-Wl,--gc-sections", "-Wl,-O1", "-s", *STATIC],
        }
        for name, options in variants.items():
            with self.subTest(name):
                self.c_program(name, *options)
                self.named(name)
                self.tool("strip", "--strip-all", name)
                self.named(name)
                self.put("renamed.bin", sstrip(self.get(name)))
                self.named("renamed.bin")
                p = subprocess.run(["./renamed.bin"], cwd=self.dir, env=dict(self.env, OVERT_WORKER="/nonexistent"), capture_output=True,
                                   timeout=60, check=False)
                self.assertIn(b"/nonexistent", p.stdout)

    def test_library_with_lto(self):
        """The library's own objects are for the optimiser, which then sees program and library as one."""
        if LIBRARY_LTO is None:
            self.skipTest("the library was not compiled by gcc, which links these programs")
        self.c_program("whole", "-flto", "-Wl,--gc-sections", "-s", *STATIC, library=LIBRARY_LTO)
        self.named("whole")

    def test_other_linkers(self):
        for linker in ("gold", "lld"):
            with self.subTest(linker):
                self.need("ld." + linker)
                self.c_program(linker, "-fuse-ld=" + linker, "-Wl,--gc-sections", "-s")
                self.named(linker)

    def test_one_carrier_is_enough(self):
        """The note can be taken out without a trace; the record can't: the engine needs it."""
        self.c_program("both", "-s", *STATIC)
        self.tool("objcopy", "--remove-section", ".note.package", "both", "one")
        self.named("one", kinds=("carrier",))
        data = self.get("both")
        at = data.index(b"\x8aOVERT\xc2carrier\r\n")
        self.put("blank", data[:at] + bytes(64) + data[at + 64:])
        self.assertEqual([e["relation"] for e in self.whois("blank")["engines"]], ["may contain"])
        p = subprocess.run(["./blank"], cwd=self.dir, env=self.env, capture_output=True, timeout=60, check=False)
        self.assertEqual((p.returncode, b"was altered" in p.stdout), (1, True), p.stdout)
        version = data.index(b"\nversion ", at) + 9
        self.put("altered", data[:version] + b"9" + data[version + 1:])
        evidence = self.whois("altered")["engines"][0]["evidence"]
        self.assertIn(("carrier", "altered"), [(e["kind"], e.get("detail")) for e in evidence])

    def test_sbom(self):
        """The SBOM is inside, whole, at the place that is told."""
        self.c_program("x", *STATIC)
        place = next(e for e in self.named("x")["evidence"] if e.get("value", "").startswith("SBOM"))
        size, at = int(place["value"].split()[2]), int(place["where"].split()[1].rstrip(","), 16)
        bom = json.loads(self.get("x")[at:at + size])
        self.assertEqual((bom["bomFormat"], bom["metadata"]["component"]["name"]), ("CycloneDX", "overt"))
        names = {c["name"]: c.get("version") for c in bom["components"]}
        self.assertIn("openssl", names)
        self.assertRegex(names["zlib"], r"^\d")

    def test_go(self):
        self.need("go")
        os.mkdir(self.path("src"))
        self.put("src/main.go", GO)
        self.env.update(CGO_CFLAGS="-I" + INCLUDE, CGO_LDFLAGS=LIBRARY + " -lcrypto -lseccomp")
        self.tool("go", "build", "-ldflags", '-s -w -linkmode external -extldflags "-static -Wl,--gc-sections"', "-o", "go.bin", "src/main.go")
        self.named("go.bin")

    def test_rust(self):
        self.need("rustc")
        folder, name = os.path.split(LIBRARY)  # a thin archive can't be moved
        self.put("main.rs", RUST.replace('"overt"', f'"{name[3:-2]}"'))
        places = subprocess.run(["cc", "-print-file-name=libcrypto.a"], capture_output=True, check=True).stdout.decode().strip()
        self.tool("rustc", "-O", "-C", "lto", "-C", "strip=symbols", "-C", "target-feature=+crt-static", "-L", folder, "-L",
                  os.path.dirname(places), "main.rs", "-o", "rust.bin")
        self.named("rust.bin")

    def packed(self, name):
        r = self.whois(name, code=3)
        self.assertEqual(r["engines"], [])
        self.assertEqual(len(r["packed"]), 1)
        return r["packed"][0]["by"]

    def test_upx(self):
        upx = shutil.which("upx") or shutil.which("upx-ucl")
        if upx is None:
            self.skipTest("upx is not installed; in Debian 12 it is in bookworm-backports only")
        self.c_program("x", "-s", *STATIC)
        self.tool(upx, "-q", "-o", "x.upx", "x")
        self.assertEqual(self.packed("x.upx"), "UPX")
        self.put("unmarked", self.get("x.upx").replace(b"UPX!", b"XXXX"))
        self.assertRegex(self.packed("unmarked"), r"^code of [78]\.\d+ bits a byte$")

    def test_packed_look_alike(self):
        """Made by hand, for where there is no UPX: one segment that is executed, and holds the program compressed."""
        import lzma
        self.c_program("x", "-s", *STATIC)
        body = lzma.compress(self.get("x"))
        header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
        segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 120 + len(body), 120 + len(body), 4096)
        self.put("like", header + segment + body)
        self.assertRegex(self.packed("like"), r"^code of [78]\.\d+ bits a byte$")
        self.put("marked", header + segment + b"UPX!" + body)
        self.assertEqual(self.packed("marked"), "UPX")

    def test_inside_others(self):
        """In an archive, in a folder, in a file that is no program."""
        self.c_program("x", "-s", *STATIC)
        self.tool("tar", "cf", "outer.tar", "x")
        r = self.whois("outer.tar")
        self.assertEqual([(e["relation"], e["path"]) for e in r["engines"]], [("contains", ["outer.tar", "x"])])
        self.tool("gzip", "-k", "outer.tar")
        self.assertEqual([e["relation"] for e in self.whois("outer.tar.gz")["engines"]], ["contains"])
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as t:
            t.add(self.path("x"), "opt/filterd")
        config = {"architecture": "amd64", "os": "linux",
                  "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()]}}
        parts = {"c.json": json.dumps(config).encode(), "l/layer.tar": layer.getvalue(),
                 "manifest.json": json.dumps([{"Config": "c.json", "RepoTags": ["x:1"], "Layers": ["l/layer.tar"]}]).encode()}
        with tarfile.open(self.path("image.tar"), "w") as t:
            for name, data in parts.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
        r = self.whois("image.tar")
        self.assertEqual([(e["relation"], e["path"][-1]) for e in r["engines"]], [("contains", "opt/filterd")])
        self.put("memory.raw", b"\x01\x02\x03\x04" * 999 + self.get("x"))
        self.assertEqual({(e["relation"], e["grade"]) for e in self.whois("memory.raw")["engines"]},
                         {("may contain", "E2")})


MINGW = "x86_64-w64-mingw32-"


class Tables(Base):
    """What programs for other systems ask for and hold, by their tables; a text in their data is less."""

    def engine(self, name, code=0):
        found = [e for e in self.whois(name, code)["engines"] if e["engine"] == "libclamav"]
        self.assertEqual(len(found), 1, found)
        return found[0], sorted((e["kind"], e["value"], e.get("detail", "")) for e in found[0]["evidence"])

    def test_pe(self):
        """A library of that name made here, with that one function; and a program that asks for it."""
        self.need(MINGW + "ld", MINGW + "as", MINGW + "dlltool")
        self.put("l.s", b".globl cl_engine_new\ncl_engine_new: ret\n.globl DllMain\nDllMain: ret\n")
        self.put("l.def", b"LIBRARY libclamav.dll\nEXPORTS\ncl_engine_new\n")
        self.put("p.s", b".globl start\nstart: call cl_engine_new\nret\n")
        for name in ("l", "p"):
            self.tool(MINGW + "as", self.path(name + ".s"), "-o", self.path(name + ".o"))
        self.tool(MINGW + "dlltool", "-d", self.path("l.def"), "-l", self.path("l.a"), "-e", self.path("l.exp"))
        self.tool(MINGW + "ld", "-shared", "-s", "-e", "DllMain", self.path("l.o"), self.path("l.exp"), "-o", self.path("libclamav.dll"))
        self.tool(MINGW + "ld", "-s", "-e", "start", self.path("p.o"), self.path("l.a"), "-o", self.path("p.exe"))
        e, evidence = self.engine("libclamav.dll")
        self.assertEqual((e["relation"], evidence), ("is", [("soname", "libclamav.dll", "own"), ("symbol", "cl_engine_new", "defined")]))
        e, evidence = self.engine("p.exe")
        self.assertEqual((e["relation"], evidence), ("uses", [("soname", "libclamav.dll", "needed"), ("symbol", "cl_engine_new", "imported")]))

    @staticmethod
    def macho(symbols, own=None, is_big=False):
        """A 64-bit image of load commands and a symbol table: {name: kind}."""
        order = ">" if is_big else "<"
        texts, rows = b"\0", b""
        for name, kind in symbols.items():
            rows += struct.pack(order + "IBBHQ", len(texts), kind, 1, 0, 0)
            texts += name.encode() + b"\0"
        library = own or "/usr/local/lib/libother.dylib"
        path = library.encode().ljust(-(-len(library) // 8) * 8 + 8, b"\0")
        commands = struct.pack(order + "IIIIII", 0xd if own else 0xc, 24 + len(path), 24, 0, 0, 0) + path
        at = 32 + len(commands) + 24
        commands += struct.pack(order + "IIIIII", 2, 24, at, len(symbols), at + len(rows), len(texts))
        head = struct.pack(order + "IIIIIIII", 0xfeedfacf, 0x01000007, 3, 6 if own else 2, 2, len(commands), 0, 0)
        return head + commands + rows + texts + bytes(64)

    def test_macho(self):
        for is_big in (False, True):
            self.put("m", self.macho({"_cl_engine_new": 0x01, "_main": 0x0f}, is_big=is_big))
            e, evidence = self.engine("m")
            self.assertEqual((e["relation"], evidence), ("uses", [("symbol", "cl_engine_new", "imported")]))
        thin = self.macho({"_cl_engine_new": 0x0f, "_cl_scandesc": 0x24}, own="/usr/local/lib/libsomething.dylib")
        self.put("u", struct.pack(">IIIIIII", 0xcafebabe, 1, 0x01000007, 3, 64, len(thin), 3).ljust(64, b"\0") + thin)
        e, evidence = self.engine("u")
        # the second is a debugger's name: no more than a text
        self.assertEqual(evidence, [("symbol", "cl_engine_new", "defined"), ("symbol", "cl_scandesc", "named")])
        for n in range(40, len(thin), 7):
            self.put("c", thin[:n])
            p = subprocess.run([PROGRAM, "whois", "c"], cwd=self.dir, env=dict(self.env, OVERT_WORKER=WORKER), capture_output=True, check=False)
            self.assertIn(p.returncode, (0, 3), p.stderr)
            self.assertNotIn(b"crashed", p.stdout)


class Install(Base):
    """What `make install` leaves is enough to embed overt, with pkg-config alone."""

    def test_install(self):
        if BUILD == "-":
            self.skipTest("this build has sanitizers, which an embedder's program would need too")
        self.need("pkg-config")
        self.put("main.c", C)
        self.tool("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.path("root"))
        (place,) = glob.glob(self.path("root/**/overt.pc"), recursive=True)
        self.env.update(PKG_CONFIG_PATH=os.path.dirname(place), PKG_CONFIG_SYSROOT_DIR=self.path("root"))
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "overt"], env=self.env, capture_output=True, check=True)
        self.tool("cc", "main.c", *flags.stdout.decode().split(), "-o", "dynamic")
        self.assertEqual([e["relation"] for e in self.whois("dynamic")["engines"]], ["uses"])
        flags = subprocess.run(["pkg-config", "--static", "--cflags", "--libs", "overt"], env=self.env, capture_output=True, check=True)
        self.tool("cc", "-static", "-s", "main.c", *flags.stdout.decode().split(), "-o", "static")
        self.named("static")
        (library,) = (f for f in glob.glob(self.path("root/**/libovert.so.*.*.*"), recursive=True))
        self.assertEqual([e["relation"] for e in self.whois(library)["engines"]], ["is"])
        self.assertTrue(glob.glob(self.path("root/**/libexec/overt/overt-worker"), recursive=True))


if __name__ == "__main__":
    PROGRAM, WORKER, LIBRARY, LIBRARY_LTO, INCLUDE = (os.path.abspath(a) if a != "-" else None for a in sys.argv[1:6])
    BUILD = sys.argv[6]
    unittest.main(argv=sys.argv[:1] + sys.argv[7:], verbosity=2)
