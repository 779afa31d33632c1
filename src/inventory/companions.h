/*
 * Files that are read together with others: a database's write-ahead log, a registry hive's
 * transaction logs. The walk hands companions over first, to be held, and their bases after all
 * else; the worker finds a companion by its base's path.
 */
#ifndef OV_COMPANIONS_H
#define OV_COMPANIONS_H

#include "str.h"

enum ov_companion { OV_COMPANION_NONE = 0, OV_COMPANION_BASE, OV_COMPANION_LOG };

/** What a file is, by the last part of its path. @param path  In its root. */
enum ov_companion ov_companion_of(struct ov_str path);

#endif
