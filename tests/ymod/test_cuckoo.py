#!/usr/bin/env python3
"""The module cuckoo on a report that is made up; each row is what yara 4.2.3 says of the same."""
import json

import dumped

REPORT = {"network": {"http": [{"method": "GET", "uri": "http://a.example/get"}, {"method": "POST", "uri": "http://a.example/post"},
                               {"uri": "http://a.example/nomethod"}],
                      "dns": [{"hostname": "dns.example"}], "domains": [{"domain": "dom.example", "ip": "192.0.2.1"}],
                      "tcp": [{"dst": "192.0.2.4", "dport": 80}], "udp": [{"dst": "192.0.2.5", "dport": 53}], "hosts": ["192.0.2.7"]},
          "behavior": {"summary": {"keys": ["HKLM\\Key", "k2"], "files": ["C:\\f.txt"], "mutexes": ["MutexA"]}}}


class Cuckoo(dumped.ModuleTest):
    module = "cuckoo"

    def test_report(self):
        n = "cuckoo.network."
        self.holds(json.dumps(REPORT).encode(), n + "http_request(/get/)", n + "http_request(/post/)", f"not {n}http_request(/nomethod/)",
                   n + "http_get(/get/)", f"not {n}http_get(/post/)", n + "http_post(/post/)", f"not {n}http_post(/get/)",
                   n + "dns_lookup(/dom.example/)", f"not {n}dns_lookup(/dns.example/)", n + "host(/192.0.2.7/)", n + "tcp(/192/, 80)",
                   f"not {n}tcp(/192/, 81)", n + "udp(/192/, 53)", f"not {n}http_user_agent(/x/)", "cuckoo.registry.key_access(/HKLM/)",
                   "cuckoo.registry.key_access(/k2/)", "cuckoo.filesystem.file_access(/f.txt/)", "cuckoo.sync.mutex(/MutexA/)",
                   "not cuckoo.sync.mutex(/none/)")

    def test_older(self):
        self.holds(b'{"network": {"dns": [{"hostname": "h.example"}]}}', "cuckoo.network.dns_lookup(/h.example/)")

    def test_none(self):
        self.holds(b"", "not cuckoo.sync.mutex(/x/)", "defined cuckoo.sync.mutex(/x/)")
        self.holds(b"{bad", "not defined cuckoo.sync.mutex(/x/)")


if __name__ == "__main__":
    dumped.main()
