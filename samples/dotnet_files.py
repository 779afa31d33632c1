"""Files for tests/differential/ymod_diff.py: those of assemblies.py that yara 4.2.3 understands as well."""
import assemblies

ONLY_OURS = ("extra", "odd_streams")  # docs/YARA.md: the flag 0x40 of the heaps, the stream "#-"


def samples():
    for name, data in assemblies.samples():
        if name not in ONLY_OURS:
            yield name, data
