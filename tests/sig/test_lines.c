/* Lines of each kind of source: taken, refused or skipped. The verdicts are clamscan 1.4.6's unless
 * the row says otherwise. */
#include "testing.h"

#include "build_text.h"

/* An icon of two slopes, as clamscan --debug shows it. */
#define ICON                                                                                       \
	"20c8a0017c3a16009d3000f2270d0d4cb15105310d15db1617d40017d40817800000800800800008"         \
	"e20b12e10c07dc04045116005e000b690e0026261755"
#define MD5 "0123456789abcdef0123456789abcdef"
#define SHA1 "0123456789abcdef0123456789abcdef01234567"
#define SHA256 MD5 MD5
#define E "Engine:51-255,"

enum fate { TAKEN, REFUSED, SKIPPED };

static const struct {
	const char *file, *line;
	enum fate want;
} rows[] = {
	/* hashes */
	{ "a.hdb", MD5 ":5:N", TAKEN },
	{ "a.hdb", SHA1 ":5:N", TAKEN },
	{ "a.hdb", SHA256 ":5:N", TAKEN },
	{ "a.hsb", MD5 ":5:N", TAKEN },
	{ "a.HDB", "0123456789ABCDEF0123456789ABCDEF:5:N", TAKEN },
	{ "a.hdb", MD5 ":4294967294:N", TAKEN },
	{ "a.hdb", MD5 ":*:N:73", TAKEN },
	{ "a.hdb", MD5 ":5:N:100:255", TAKEN },
	{ "a.hdb", MD5 ":5:N:1:100", SKIPPED },
	{ "a.hdb", MD5 ":5:N:250", SKIPPED },
	{ "a.hdb", MD5 ":*:N", REFUSED },
	{ "a.hdb", MD5 ":*:N:72", REFUSED },
	{ "a.hdb", MD5 ":0:N", REFUSED },
	{ "a.hdb", MD5 ":4294967295:N", REFUSED },
	{ "a.hdb", MD5 ":-5:N", REFUSED },
	{ "a.hdb", MD5 "0:5:N", REFUSED },
	{ "a.hdb", "x123456789abcdef0123456789abcdef:5:N", REFUSED },
	{ "a.hdb", MD5 ":5:", REFUSED },
	{ "a.hdb", MD5 ":5", REFUSED },
	{ "a.hdb", MD5 ":5:N:1:2:3", REFUSED },
	{ "a.hdb", MD5 ":5:N:x", REFUSED },
	{ "a.hdb", "# comment", TAKEN },
	{ "a.hdb", "",
	  TAKEN }, /* ClamAV: malformed; an empty line says nothing, so nothing is lost */
	{ "a.mdb", "5:" MD5 ":N", TAKEN },
	{ "a.msb", "*:" SHA256 ":N:73", TAKEN },
	{ "a.mdb", MD5 ":5:N", REFUSED },
	{ "a.imp", MD5 ":35:N", TAKEN },
	{ "a.imp", SHA256 ":35:N", TAKEN },
	{ "a.imp", MD5 ":*:N", TAKEN },
	{ "a.imp", MD5 ":0:N", REFUSED },
	{ "a.imp", "35:" MD5 ":N", REFUSED },
	{ "a.crb", "N;1;" SHA1 ";" SHA1 ";c0ffee;010001;1;1;1;0;c", TAKEN },
	{ "a.crb", "N;0;" SHA1 ";;00c0ffee;;0;0;0;;", TAKEN },
	{ "a.crb", ";0;" SHA1 ";;c0ffee;;0;0;0;;;1;255", TAKEN },
	{ "a.crb", "N;1;" SHA1 ";;c0ffee;;1;1;1;0;c;300", SKIPPED },
	{ "a.crb", "N;1;" SHA1 ";;c0ffee;;1;1;1;0;c;1;10", SKIPPED },
	{ "a.crb", "N;2;" SHA1 ";;c0ffee;;1;1;1;0;c", REFUSED },
	{ "a.crb", "N;;" SHA1 ";;c0ffee;;1;1;1;0;c", REFUSED },
	{ "a.crb", "N;1;" MD5 ";;c0ffee;;1;1;1;0;c", REFUSED },
	{ "a.crb", "N;1;;;c0ffee;;1;1;1;0;c", REFUSED },
	{ "a.crb", "N;1;" SHA1 ";aa;c0ffee;;1;1;1;0;c", REFUSED },
	{ "a.crb", "N;1;" SHA1 ";;;;1;1;1;0;c", REFUSED },
	{ "a.crb", "N;1;" SHA1 ";;0000;;1;1;1;0;c", REFUSED },
	{ "a.crb", "N;1;" SHA1 ";;abc;;1;1;1;0;c", REFUSED }, /* ClamAV: taken, never matches */
	{ "a.crb", "N;1;" SHA1 ";;c0ffee;;2;1;1;0;c", REFUSED },
	{ "a.crb", "N;1;" SHA1 ";;c0ffee;;1;;1;0;c", REFUSED },
	{ "a.crb", "N;1;" SHA1 ";;c0ffee;;1;1;1;0", REFUSED },
	{ "a.crb", "N;1;" SHA1 ";;c0ffee;;1;1;1;0;c;1;10;5", REFUSED },
	{ "a.idb", "N:a:b:" ICON, TAKEN },
	{ "a.idb", ":::" ICON, TAKEN },
	{ "a.idb", "N:a:b:" ICON ":1", REFUSED },
	{ "a.idb", "N:a:" ICON, REFUSED },
	{ "a.idb", "N:a:b:30" SHA256 MD5 "01234567890123456789012345", REFUSED },
	{ "a.idb", "N:a:b:20" SHA256 MD5 "0123456789012345678901234", REFUSED },
	{ "a.idb", "N:a:b:20" SHA256 MD5 "0123456789012345678901234x", REFUSED },
	{ "a.idb", "N:a:20" SHA256 MD5 "01234567890123456789012345", REFUSED },
	{ "a.idb", "N:a:b:20" SHA256 MD5 "01234567890123456789012345:1", REFUSED },
	{ "a.fp", MD5 ":5:N", TAKEN },
	{ "a.sfp", SHA256 ":5:N", TAKEN },
	/* container metadata */
	{ "a.cdb", "N:*:*:*:*:*:*:*:*:*", TAKEN },
	{ "a.cdb", "N:CL_TYPE_ZIP:1-2:(?i)a.*\\.exe$:3:4-5:1:6:0a1b2c3d:*:51:255", TAKEN },
	{ "a.cdb", "N:CL_TYPE_ANY:*:a:*:*:0:*:*:x", TAKEN },
	{ "a.cdb", "N:*:*:a:*:*:*:*:what:*", TAKEN }, /* a CRC has a meaning in ZIP and RAR only */
	{ "a.cdb", "N:CL_TYPE_ZIP:*:a:*:*:*:*:what:*", REFUSED }, /* ClamAV: taken, not looked at */
	{ "a.cdb", "N:*:*:a:*:9-3:*:*:*:*", REFUSED },		  /* ClamAV: taken, never matches */
	{ "a.cdb", "N:CL_TYPE_FOO:*:a:*:*:*:*:*:*", SKIPPED },	  /* ClamAV: malformed */
	{ "a.cdb", "N:*:*:*:*:*:*:*:*:*:300", SKIPPED },
	{ "a.cdb", "N:*:*:*:*:*:*:*:*:*:1:100", SKIPPED },
	{ "a.cdb", "N:*:*:*:*:*:*:*:*:*::", SKIPPED },
	{ "a.cdb", "N:*:*:*:*:*:*:*:*", REFUSED },
	{ "a.cdb", "N:*:*:*:*:*:*:*:*:*:1:2:3", REFUSED },
	{ "a.cdb", ":*:*:*:*:*:*:*:*:*", REFUSED },
	{ "a.cdb", "N:*:*::*:*:*:*:*:*", REFUSED },
	{ "a.cdb", "N:*:*:a(:*:*:*:*:*:*", REFUSED },
	{ "a.cdb", "N:*:*:*:*:*:2:*:*:*", REFUSED },
	{ "a.cdb", "N:*:x:*:*:*:*:*:*:*", REFUSED },
	{ "a.cdb", "N:*:*:*:-3:*:*:*:*:*", REFUSED },
	{ "a.cdb", "N:*:*:*:*:3-:*:*:*:*", REFUSED },
	{ "a.cdb", "N:*:*:*:*:*:*:0x3:*:*", REFUSED },
	{ "a.zmd", "N:*:*:*:*:*:*:*:*", TAKEN },
	{ "a.rmd", "N:1:a.exe:10:9:0a1b2c3d:8:1:2", TAKEN },
	{ "a.zmd", "N:*:*:1-2:*:*:*:*:*", REFUSED },
	{ "a.zmd", "N:*:*:*:*:xyz:*:*:*", REFUSED },
	{ "a.zmd", "N:*:*:*:*:*:70000:*:*", REFUSED },
	{ "a.zmd", "N:*:*:*:*:*:*:*:x", REFUSED },
	{ "a.zmd", "N:*:*:*:*:*:*:*", REFUSED },
	{ "a.zmd", "N:*:*:*:*:*:*:*:*:1", REFUSED },
	/* passwords */
	{ "a.pwdb", "P;Engine:81-255,Container:CL_TYPE_ZIP;0;secret", TAKEN },
	{ "a.pwdb", "P;Engine:81-255,Container:CL_TYPE_RAR;1;00ff0a3b", TAKEN },
	{ "a.pwdb", ";Engine:81-255;0;", TAKEN },
	{ "a.pwdb", "P;Engine:81-255,Target:0,Container:CL_TYPE_ANY;0;a;b;c", TAKEN },
	{ "a.pwdb", "P;Engine:300-400;0;secret", SKIPPED },		    /* ClamAV: an error */
	{ "a.pwdb", "P;Engine:81-255,Container:CL_TYPE_FOO;0;a", SKIPPED }, /* the same */
	{ "a.pwdb", "P;Engine:81-255;2;secret", SKIPPED },
	{ "a.pwdb", "P;Engine:81-255,Container:CL_TYPE_7Z;0;secret", REFUSED },
	{ "a.pwdb", "P;Container:CL_TYPE_ZIP;0;secret", REFUSED },
	{ "a.pwdb", "P;;0;secret", REFUSED },
	{ "a.pwdb", "P;Engine:81-255;x;secret", REFUSED },
	{ "a.pwdb", "P;Engine:81-255;1;abc", REFUSED },
	{ "a.pwdb", "P;Engine:81-255;1;xy", REFUSED },
	{ "a.pwdb", "P;Engine:81-255;0", REFUSED },
	/* file type magic */
	{ "a.ftm", "0:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_PDF", TAKEN },
	{ "a.ftm", "0:257:7573746172:d:CL_TYPE_ANY:CL_TYPE_POSIX_TAR:1:255", TAKEN },
	{ "a.ftm", "1:*:4d5a{2-9}5045:d:CL_TYPE_ANY:CL_TYPE_MSEXE", TAKEN },
	{ "a.ftm", "1:0,100:3c68746d6c:d:CL_TYPE_TEXT_ASCII:CL_TYPE_HTML", TAKEN },
	{ "a.ftm", "0:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_IGNORED", SKIPPED }, /* ClamAV: taken */
	{ "a.ftm", "0:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_FOO", SKIPPED },
	{ "a.ftm", "0:0:4d5a:d:CL_TYPE_FOO:CL_TYPE_PDF", SKIPPED },
	{ "a.ftm", "0:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_PDF:300", SKIPPED },
	{ "a.ftm", "4:0:4d5a:d:CL_TYPE_PART_ANY:CL_TYPE_PART_HFSPLUS", SKIPPED },
	{ "a.ftm", "2:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_PDF", SKIPPED },
	{ "a.ftm", "1:EOF-10:4d5a9000:d:CL_TYPE_ANY:CL_TYPE_PDF", SKIPPED },
	{ "a.ftm", "x:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_PDF", REFUSED },
	{ "a.ftm", "0:x:4d5a:d:CL_TYPE_ANY:CL_TYPE_PDF", REFUSED },
	{ "a.ftm", "0:0:4d?a:d:CL_TYPE_ANY:CL_TYPE_PDF", REFUSED },
	{ "a.ftm", "0:0::d:CL_TYPE_ANY:CL_TYPE_PDF", REFUSED },
	{ "a.ftm", "1:*:4d??:d:CL_TYPE_ANY:CL_TYPE_PDF", REFUSED },
	{ "a.ftm", "0:0:4d5a:d:CL_TYPE_ANY", REFUSED },
	{ "a.ftm", "0:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_PDF:1:2:3", REFUSED },
	/* switches */
	{ "a.cfg", "ARCHIVE:0x0:1:255", TAKEN },
	{ "a.cfg", "PE:0xffffffff", TAKEN },
	{ "a.cfg", "PCRE:0x1:1", TAKEN },
	{ "a.cfg", "ARCHIVE:0x0:300:400", SKIPPED },
	{ "a.cfg", "archive:0x0:1:255", SKIPPED },
	{ "a.cfg", "RAW_HTML:0x1", SKIPPED }, /* not ClamAV's: no line may name it */
	{ "a.cfg", "ARCHIVE:0:1:255", REFUSED },
	{ "a.cfg", "ARCHIVE:0xzz:1:255", REFUSED },
	{ "a.cfg", "ARCHIVE:0x123456789:1:255", REFUSED },
	{ "a.cfg", "ARCHIVE:0x:1:255", REFUSED },
	{ "a.cfg", "ARCHIVE:0x0:x:255", REFUSED }, /* ClamAV: passed over */
	{ "a.cfg", "ARCHIVE", REFUSED },
	/* older body signatures */
	{ "a.db", "N=61626364", TAKEN },
	{ "a.db", "N (Clam)=6162*6364", TAKEN },
	{ "a.db", "N=", REFUSED },
	{ "a.db", "=61626364", REFUSED },
	{ "a.db", "N", REFUSED },
	{ "a.db", "N=61626364=", REFUSED },
	{ "a.sdb", "N:0:*:61626364", TAKEN },
	{ "a.sdb", "N:15:*:61626364", SKIPPED },
	{ "a.sdb", "N:0:*", REFUSED },
	/* ignored names */
	{ "a.ign", "N", TAKEN },
	{ "a.ign", "a.ndb:5:N", TAKEN },
	{ "a.ign2", "::N", TAKEN },
	{ "a.ign2", "N:" MD5, TAKEN },
	{ "a.ign2", "N:123", REFUSED },
	{ "a.ign", "a.ndb:5:", REFUSED },
	{ "a.ign", "a:b:c:d", REFUSED },
	/* web addresses */
	{ "a.pdb", "H:paypal.com", TAKEN },
	{ "a.pdb", "H:paypal.com:17-", TAKEN },
	{ "a.pdb", "H:paypal.com:-300", TAKEN },
	{ "a.pdb", "H:paypal.com:0-20", SKIPPED },
	{ "a.pdb", "H:paypal.com:300-", SKIPPED },
	{ "a.pdb", "H:paypal.com:0-0", SKIPPED },
	{ "a.pdb", "H:paypal.com:213", TAKEN }, /* no range, so a part of the text */
	{ "a.pdb", "R17:.+\\.paypal\\.com", TAKEN },
	{ "a.pdb", "R:.+:http://www\\.paypal\\.com:20-", TAKEN },
	{ "a.pdb", "R:.+", TAKEN }, /* ClamAV wants three plain characters at the end */
	{ "a.pdb", "R:(ab", REFUSED },
	{ "a.pdb", "R:", REFUSED },
	{ "a.pdb", "H:", REFUSED },
	{ "a.pdb", "H", REFUSED },
	{ "a.pdb", "Q:paypal.com", REFUSED },
	{ "a.pdb", "HXY:paypal.com", REFUSED },
	{ "a.pdb", "M:a.com:b.com", REFUSED },
	{ "a.wdb", "M:a.com:b.com", TAKEN },
	{ "a.wdb", "Y:a.com:b.com:17-", TAKEN },
	{ "a.wdb", "X:.+\\.a\\.com([/?].*)?:.+\\.b\\.com([/?].*)?:17-", TAKEN },
	{ "a.wdb", "H:a.com", REFUSED },
	{ "a.gdb", "S:P:01234567", TAKEN },
	{ "a.gdb", "S2:F:" SHA256, TAKEN },
	{ "a.gdb", "S1:F:" SHA256 ":20-", TAKEN },
	{ "a.gdb", "S:W:" SHA256, TAKEN },
	{ "a.gdb", "S3:F:" SHA256, REFUSED },
	{ "a.gdb", "S:F:" MD5, REFUSED },
	{ "a.gdb", "S:P:" SHA256, REFUSED },
	{ "a.gdb", "S:Q:01234567", REFUSED },
	/* body signatures */
	{ "a.ndb", "N:0:*:61626364", TAKEN },
	{ "a.ndb", "N:*:*:61626364", TAKEN },
	{ "a.ndb", "N::*:61626364", TAKEN },
	{ "a.ndb", "N:0:*:61626364:51", TAKEN },
	{ "a.ndb", "N:0:*:61626364:", TAKEN },
	{ "a.ndb", "N:0:*:61626364\r", TAKEN },
	{ "a.ndb", "N:0:10:61626364", TAKEN },
	{ "a.ndb", "N:0:10,5:61626364", TAKEN },
	{ "a.ndb", "N:0:10,:61626364", TAKEN },
	{ "a.ndb", "N:0:EOF-10:61626364", TAKEN },
	{ "a.ndb", "N:1:EP+0:61626364", TAKEN },
	{ "a.ndb", "N:6:EP-3,10:61626364", TAKEN },
	{ "a.ndb", "N:9:S0+3:61626364", TAKEN },
	{ "a.ndb", "N:1:S70000+1,4:61626364", TAKEN },
	{ "a.ndb", "N:1:SE0:61626364", TAKEN },
	{ "a.ndb", "N:1:SL+4:61626364", TAKEN },
	{ "a.ndb", "N:1:VI:61626364", TAKEN },
	{ "a.ndb", "N:15:*:61626364", SKIPPED },
	{ "a.ndb", "N:0:*:61626364:250", SKIPPED },
	{ "a.ndb", "N:0:*:61626364:1:100", SKIPPED },
	{ "a.ndb", "N:0:$0$:61626364", TAKEN },
	{ "a.ndb", "N:0:$31$:61626364", TAKEN },
	{ "a.ndb", "N:0:$32$:61626364", REFUSED },
	{ "a.ndb", "N:0:$$:61626364", REFUSED },
	{ "a.ndb", "N:0:$0:61626364", REFUSED }, /* ClamAV: taken */
	{ "a.ndb", "N:0:$x$:61626364", REFUSED },
	{ "a.ndb", "N:0:*", REFUSED },
	{ "a.ndb", "N:0:*:61626364:51:60:70", REFUSED },
	{ "a.ndb", "N:0:*:61626364:x", REFUSED },
	{ "a.ndb", "N:x:*:61626364", REFUSED },
	{ "a.ndb", "N:-1:*:61626364", REFUSED },
	{ "a.ndb", ":0:*:61626364", REFUSED },
	{ "a.ndb", "N:0:*:61626364 ", REFUSED },
	{ "a.ndb", "N:0::61626364", REFUSED }, /* ClamAV: taken, never matches */
	{ "a.ndb", "N:0:-3:61626364", REFUSED },
	{ "a.ndb", "N:0:EOF:61626364", REFUSED },
	{ "a.ndb", "N:0:EOF+3:61626364", REFUSED },
	{ "a.ndb", "N:0:*,3:61626364", REFUSED },
	{ "a.ndb", "N:0:x:61626364", REFUSED },
	{ "a.ndb", "N:0:0x10:61626364", REFUSED },
	{ "a.ndb", "N:0:EP+0:61626364", REFUSED },
	{ "a.ndb", "N:0:S0+0:61626364", REFUSED },
	{ "a.ndb", "N:0:SE0:61626364", REFUSED },
	{ "a.ndb", "N:0:VI:61626364", REFUSED },
	{ "a.ndb", "N:1:EP:61626364", REFUSED },
	{ "a.ndb", "N:1:EP+-3:61626364", REFUSED },
	{ "a.ndb", "N:1:S0:61626364", REFUSED },
	{ "a.ndb", "N:1:S0-3:61626364", REFUSED },
	{ "a.ndb", "N:1:SE0+3:61626364", REFUSED },
	{ "a.ndb", "N:1:SL:61626364", REFUSED },
	{ "a.ndb", "N:1:SLx:61626364", REFUSED },
	/* target description blocks */
	{ "a.ldb", "N;Target:0;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "FileSize:1-100,Target:0;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:0,FileSize:-100;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:0,Target:0;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:0,Container:CL_TYPE_ZIP;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:0,Container:CL_TYPE_ANY;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:1,EntryPoint:1-2,NumberOfSections:1-2;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:0,HandlerType:CL_TYPE_ZIP;0;61626364", TAKEN },
	{ "a.ldb", "N;" E "Target:0,Intermediates:CL_TYPE_ZIP>CL_TYPE_ANY;0;61626364", TAKEN },
	{ "a.ldb", "N;Engine:300-400,Target:0;0;61626364", SKIPPED },
	{ "a.ldb", "N;Engine:51-,Target:0;0;61626364", SKIPPED },
	{ "a.ldb", "N;" E "Target:15;0;61626364", SKIPPED },
	{ "a.ldb", "N;" E "Target:0,Foo:1;0;61626364", SKIPPED },
	{ "a.ldb", "N;" E "Target:0,Container:CL_TYPE_FOO;0;61626364", SKIPPED },
	{ "a.ldb", "N;" E "Target:0,HandlerType:FOO;0;61626364", SKIPPED },
	{ "a.ldb", "N;" E "Target:0,Intermediates:CL_TYPE_FOO;0;61626364", SKIPPED },
	{ "a.ldb", "N;" E "Target:1,IconGroup1:x;0;61626364", TAKEN },
	{ "a.ldb", "N;;0;61626364", REFUSED },
	{ "a.ldb", "N;Engine:51-255;0;61626364", REFUSED },
	{ "a.ldb", "N;Target:0,Engine:51-255;0;61626364", REFUSED },
	{ "a.ldb", "N;Target:0,FileSize:1-100;0;61626364", REFUSED },
	{ "a.ldb", "N;Engine:50-255,Target:0,FileSize:1-100;0;61626364", REFUSED },
	{ "a.ldb", "N;Engine:51,Target:0;0;61626364", REFUSED },
	{ "a.ldb", "N;Engine:x-y,Target:0;0;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:x;0;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0,FileSize:10;0;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0,FileSize:x;0;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0,FileSize;0;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0,;0;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0,EntryPoint:1-2;0;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0,IconGroup1:x;0;61626364", REFUSED },
	/* subsignatures and their number */
	{ "a.ldb", ";" E "Target:0;0;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;61626364;", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;61626364;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0;1;61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;61626364::x", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;61626364:", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;::i", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;61626364::i*65666768::i",
	  TAKEN }, /* a lost ';' in real lines */
	{ "a.ldb", "N;" E "Target:0;0;61626364::i*65666768", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;10:61626364::iw", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0;EP+0:61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${1-2}3$", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${0-70000}31$", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${1-2}32$", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${1}3$", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${1-}3$", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${-2}3$", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${1-2}3", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${1-2}3$::i", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;${2-1}3$", REFUSED }, /* ClamAV: never matches */
	{ "a.ldb", "N;" E "Target:0;0&1;${1-2}3$;61626364", REFUSED }, /* ClamAV: never matches */
	{ "a.ldb", "N;" E "Target:0;0;$0$:61626364", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;fuzzy_img#0123456789abcdef", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0;fuzzy_img#0123456789ABCDEF#0", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0;fuzzy_img#0123456789abcdef#1", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;fuzzy_img#0123456789abcde", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;fuzzy_img#0123456789abcdeg", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;fuzzy_img#0123456789abcdef#0#0", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0;fuzzy_img#", REFUSED },
	/* regular expressions */
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0/abc/", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0/abc/gresimxAEU", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0/a;bc/", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0/a\\/bc/i", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;10:0/abc/", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;*:0/abc/", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0=0/abc/", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0/abc", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;/abc/", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0//", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0/abc/z", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0/(/", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;1/abc/", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;2/abc/", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;x:0/abc/", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0/abc/i;", REFUSED },
	/* byte comparisons */
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#de2#=12)", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(<<4#hl2#>0x12,<99)", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>0x4#ib8#=12)", TAKEN },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#de2#=12", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#dl2#=12)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#ib3#=12)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#de0#=12)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#de#=12)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#de2#!12)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#de2#=12,=13,=14)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#de2#)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;x(>>4#de2#=12)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;0(>>4#de2#==12)", REFUSED },
	{ "a.ldb", "N;" E "Target:0;0&1;61626364;1(>>4#de2#=12)",
	  REFUSED }, /* ClamAV: taken, never matches */
	/* ignore lists */
	{ "a.ign2", "Some.Name", TAKEN },
	{ "a.ign2", "Some.Name:" MD5, TAKEN },
	{ "a.ign2", "Some.Name:123", REFUSED },
	{ "a.ign2", ":" MD5, REFUSED },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct text_source src = { rows[i].file, rows[i].line };
		struct built b;

		build_texts(&src, 1, NULL, &b);
		ov_expect_eq(rows[i].line, b.status, OV_OK);
		ov_expect_eq(rows[i].line, b.stats.refused, rows[i].want == REFUSED);
		ov_expect_eq(rows[i].line, b.stats.skipped, rows[i].want == SKIPPED);
		ov_expect(rows[i].line, (b.said.n > 0) == (rows[i].want != TAKEN));
		built_free(&b);
	}
}

/* Each cut of each line gives an answer, and the rest of its file is read. */
static void test_prefixes(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t n = 0; n < strlen(rows[i].line); n += 1 + n / 16) {
			const struct text_source src = { rows[i].file, text };
			struct built b;

			(void)snprintf(text, sizeof text, "%.*s\n%.*s\n", (int)n, rows[i].line,
				       (int)n, rows[i].line);
			build_texts(&src, 1, NULL, &b);
			ov_expect_eq(rows[i].line, b.status, OV_OK);
			ov_expect_eq(rows[i].line, b.stats.refused % 2, 0);
			built_free(&b);
		}
	}
}

/* A bad line is told by file, line and reason; its neighbours count. */
static void test_told(void **state)
{
	const struct text_source src[] = { { "x.hdb", MD5 ":5:A\nnonsense\n" MD5 ":6:B\n" },
					   { "y.ndb", "N:15:*:61626364\n" } };
	struct built b;

	(void)state;
	build_texts(src, 2, NULL, &b);
	assert_int_equal(b.status, OV_OK);
	assert_int_equal(b.stats.signatures, 2);
	assert_int_equal(ov_buf_u8(&b.said, 0), OV_OK);
	assert_string_equal(
	    (const char *)b.said.p,
	    "x.hdb:2 refused a hash line has 3 to 5 fields: hash, size, name, levels\n"
	    "y.ndb:1 skipped for a target that nobody knows (above 14)\n");
	built_free(&b);
}

static void test_long_lines_and_nul(void **state)
{
	static char text[80 * 1024];
	const struct text_source src = { "x.ndb", text };
	struct built b;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	memcpy(text, "N:0:*:", 6);
	memcpy(text + 70 * 1024, "\nM:0:*:6162\n#", 13);
	build_texts(&src, 1, NULL, &b);
	assert_int_equal(b.status, OV_OK);
	assert_int_equal(b.stats.refused, 1);
	assert_int_equal(b.stats.signatures, 1);
	built_free(&b);
}

static void test_pua(void **state)
{
	static const char *const files[] = { "a.hdu", "a.hsu", "a.mdu", "a.msu", "a.ndu", "a.ldu" };
	static const char *const lines[] = { MD5 ":5:P",       MD5 ":5:P",
					     "5:" MD5 ":P",    "5:" MD5 ":P",
					     "P:0:*:61626364", "P;Target:0;0;61626364" };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		const struct text_source src = { files[i], lines[i] };
		const struct ov_build_options with = { .with_pua = true, .max_memory = 1 << 26 };
		struct built b;

		build_texts(&src, 1, NULL, &b);
		ov_expect_eq(files[i], b.stats.signatures, 0);
		ov_expect(files[i], b.said.n > 0);
		built_free(&b);
		build_texts(&src, 1, &with, &b);
		ov_expect_eq(files[i], b.stats.signatures, 1);
		built_free(&b);
	}
}

static void test_names(void **state)
{
	static const char *const yes[] = { "main.hdb", "A.CVD", "x/y.ldb", "local.ign2",
					   "d.cld",    "u.cud", "a.sfp" };
	static const char *const no[] = {
		"main", "hdb", "a.txt", "a.xyz", "a.odb", "a.hdb.gz", ""
	};
	const struct text_source other = { "a.xyz", "" };
	struct built b;

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		ov_expect(yes[i], ov_odb_is_source_name(ov_str_of(yes[i])));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		ov_expect(no[i], !ov_odb_is_source_name(ov_str_of(no[i])));
	build_texts(&other, 1, NULL, &b);
	assert_int_equal(b.status, OV_UNSUPPORTED);
	built_free(&b);
}

/* Found by fuzz_sig: without an ignore list there is no row to count from; the file is the same as
 * with an empty one. */
static void test_no_ignore_list(void **state)
{
	static const struct text_source sources[] = {
		{ "a.ndb", "Test.One:0:*:6161616161\n" },
		{ "a.hdb", "44d88612fea8a8f36de82e1278abb02f:68:Test.Two\n" },
		{ "a.ign2", "# nobody\n" },
	};
	struct built without, with;

	(void)state;
	build_texts(sources, 2, NULL, &without);
	build_texts(sources, 3, NULL, &with);
	assert_int_equal(without.status, OV_OK);
	assert_int_equal(with.status, OV_OK);
	assert_int_equal(without.stats.signatures, 2);
	assert_int_equal(with.stats.signatures, 2);
	assert_int_equal(without.stats.ignored + with.stats.ignored, 0);
	built_free(&without);
	built_free(&with);
}

/* Found by fuzz_sig: names that are numbers alone share no text, so that there is none to point
 * into. */
static void test_names_of_digits(void **state)
{
	static const struct text_source sources[] = {
		{ "a.mdb", "5:0123456789abcdef0123456789abcdef:34\n" },
	};
	struct ov_odb_hash_name name;
	struct built b;
	uint32_t token;

	(void)state;
	build_texts(sources, 1, NULL, &b);
	assert_int_equal(b.status, OV_OK);
	assert_int_equal(b.stats.signatures, 1);
	assert_true(
	    ov_hashset_find(&b.db.hashes[OV_USE_SECTION][OV_MD5],
			    (const uint8_t *)"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89"
					     "\xab\xcd\xef",
			    5, &token));
	ov_odb_hash_name(&b.db, token, &name);
	assert_true(ov_str_is(name.name, "34"));
	built_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_digits),
		cmocka_unit_test(test_no_ignore_list),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_long_lines_and_nul),
		cmocka_unit_test(test_pua),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("sig lines", tests, NULL, NULL);
}
