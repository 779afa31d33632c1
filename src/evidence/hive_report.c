/* What a registry hive says of software: uninstall keys, services, filter altitudes, and the states
 * that agents of security products keep there. A hive knows not its own name, so each place is
 * looked for from its root: SOFTWARE, SYSTEM, or one exported with its upper keys. */
#include "hive.h"

static struct ov_str where_of(struct ov_hive *h, const char *place, struct ov_str name)
{
	return ov_ev_fmt(h->e, "%s\\%.*s", place, (int)ov_min_size(name.n, 1000), name.p);
}

/* "20240131", or what ov_ev_time() reads. */
static int64_t install_date(struct ov_str s)
{
	char text[11];

	if (s.n != 8)
		return ov_ev_time(s);
	memcpy(text, s.p, 4);
	memcpy(text + 5, s.p + 4, 2);
	memcpy(text + 8, s.p + 6, 2);
	text[4] = text[7] = '-';
	text[10] = '\0';
	return ov_ev_time((struct ov_str){ .p = text, .n = 10 });
}

static ov_status uninstall(struct ov_hive *h, const struct ov_hive_key *k, const char *place)
{
	const struct ov_str where = where_of(h, place, k->name);
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_INSTALLED, ov_hive_text(h, k, "DisplayName"));
	if (x.c.name.n == 0)
		return OV_OK; /* an update of something else, or a rest */
	x.c.version = ov_hive_text(h, k, "DisplayVersion");
	x.c.supplier = ov_hive_text(h, k, "Publisher");
	x.c.id = k->name;
	x.c.since.earliest = install_date(ov_hive_text(h, k, "InstallDate"));
	x.c.since.latest = ov_hive_time(k->written);
	x.c.since.from = x.c.since.earliest != OV_INV_NO_DATE ? OV_STR("InstallDate, key's time")
							      : OV_STR("key's time");
	ov_ev_add(&x, OV_EV_UNINSTALL, OV_E3, x.c.name, where);
	ov_ev_add(&x, OV_EV_UNINSTALL, OV_E3, x.c.supplier, where); /* names are translated */
	ov_ev_add(&x, OV_EV_SUPPLIER, OV_E3, x.c.supplier, where);
	ov_ev_add(&x, OV_EV_REGKEY, OV_E1, where, where);
	return ov_ev_emit(h->e, &x);
}

static ov_status each_uninstall(struct ov_hive *h, const struct ov_hive_key *root)
{
	static const char *const places[] = {
		"Microsoft\\Windows\\CurrentVersion\\Uninstall",
		"Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
		"Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
		"Software\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
	};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct ov_hive_key at, k;
		struct ov_hive_walk w;

		if (!ov_hive_path(h, root, places[i], &at))
			continue;
		OV_TRY(ov_hive_walk(h, &at, &w));
		while (ov_hive_step(h, &w, &k))
			OV_TRY(uninstall(h, &k, places[i]));
	}
	return OV_OK;
}

/* Instances\<name>\Altitude: what a file system filter was given by Microsoft. */
static ov_status altitudes(struct ov_hive *h, const struct ov_hive_key *service,
			   struct ov_ev_found *x)
{
	struct ov_hive_key list, k;
	struct ov_hive_walk w;

	if (ov_hive_child(h, service, "Parameters", &k) == OV_OK &&
	    ov_hive_child(h, &k, "Instances", &list) == OV_OK) {
		OV_TRY(ov_hive_walk(h, &list, &w)); /* Windows 11 keeps them here */
		while (ov_hive_step(h, &w, &k))
			ov_ev_add(x, OV_EV_ALTITUDE, OV_E4, ov_hive_text(h, &k, "Altitude"),
				  k.name);
	}
	if (ov_hive_child(h, service, "Instances", &list) != OV_OK)
		return OV_OK;
	OV_TRY(ov_hive_walk(h, &list, &w));
	while (ov_hive_step(h, &w, &k))
		ov_ev_add(x, OV_EV_ALTITUDE, OV_E4, ov_hive_text(h, &k, "Altitude"), k.name);
	return OV_OK;
}

static ov_status service(struct ov_hive *h, const struct ov_hive_key *k, const char *place)
{
	const struct ov_str where = where_of(h, place, k->name);
	struct ov_str text, path = ov_hive_text(h, k, "ImagePath");
	uint32_t type = 0, start = 3;
	struct ov_ev_found x;

	if (ov_hive_value(h, k, "Type", &text, &type) != OV_OK)
		return OV_OK; /* parameters of something, no service */
	if (ov_hive_value(h, k, "Start", &text, &start) != OV_OK)
		start = 3;
	ov_ev_begin(&x, (type & 0x0b) != 0 ? OV_WHAT_DRIVER : OV_WHAT_SERVICE,
		    ov_hive_text(h, k, "DisplayName"));
	if (x.c.name.n == 0 || x.c.name.p[0] == '@')
		x.c.name = k->name;
	x.c.id = k->name;
	x.c.is_privileged = start <= 2;
	x.c.state = start == 4 ? OV_STATE_DISABLED : OV_STATE_PRESENT;
	x.c.since.latest = ov_hive_time(k->written);
	x.c.since.from = OV_STR("key's time");
	ov_ev_add(&x, x.c.what == OV_WHAT_DRIVER ? OV_EV_DRIVER : OV_EV_SERVICE, OV_E3, k->name,
		  where);
	if (path.n > 0)
		ov_ev_add(&x, OV_EV_FIELD, OV_E1,
			  ov_ev_fmt(h->e, "ImagePath=%.*s", (int)ov_min_size(path.n, 2000), path.p),
			  where);
	OV_TRY(altitudes(h, k, &x));
	return ov_ev_emit(h->e, &x);
}

static ov_status each_service(struct ov_hive *h, const struct ov_hive_key *root)
{
	static const char *const places[] = { "ControlSet001\\Services", "ControlSet002\\Services",
					      "CurrentControlSet\\Services",
					      "System\\CurrentControlSet\\Services",
					      "System\\ControlSet001\\Services" };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct ov_hive_key at, k;
		struct ov_hive_walk w;

		if (!ov_hive_path(h, root, places[i], &at))
			continue;
		OV_TRY(ov_hive_walk(h, &at, &w));
		while (ov_hive_step(h, &w, &k))
			OV_TRY(service(h, &k, places[i]));
	}
	return OV_OK;
}

/* "dd-MM-yyyy HH-mm-ss", UTC. */
static int64_t agent_time(struct ov_str s)
{
	char text[20] = "yyyy-MM-dd HH:mm:ss";

	if (s.n < 19)
		return OV_INV_NO_DATE;
	memcpy(text, s.p + 6, 4);
	memcpy(text + 5, s.p + 3, 2);
	memcpy(text + 8, s.p, 2);
	memcpy(text + 11, s.p + 11, 2);
	memcpy(text + 14, s.p + 14, 2);
	memcpy(text + 17, s.p + 17, 2);
	return ov_ev_time((struct ov_str){ .p = text, .n = 19 });
}

static const char agent_state[] =
    "KasperskyLab\\Components\\34\\1103\\1.0.0.0\\Statistics\\AVState";

/* The agent's own words on what it guards: dates of its data, when it last met its server. */
static ov_status agent(struct ov_hive *h, const struct ov_hive_key *k, struct ov_str where)
{
	static const char *const values[] = { "Protection_AvInstalled",	  "Protection_AvRunning",
					      "Protection_BasesDate",	  "Protection_LastFscan",
					      "Protection_LastConnected", "Protection_AdmServer" };
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_REGISTRY, OV_STR("security product's state"));
	x.c.since.latest = ov_hive_time(k->written);
	x.c.since.from = OV_STR("key's time");
	ov_ev_add(&x, OV_EV_REGKEY, OV_E3, where, where);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		const struct ov_str s = ov_hive_text(h, k, values[i]);

		if (s.n == 0)
			continue;
		ov_ev_add(&x, OV_EV_FIELD, OV_E3,
			  ov_ev_fmt(h->e, "%s=%.*s", values[i], (int)ov_min_size(s.n, 500), s.p),
			  where);
		if (i == 2 && agent_time(s) != OV_INV_NO_DATE)
			x.c.updates = (struct ov_inv_updates){ .last = agent_time(s),
							       .from = ov_str_of(values[2]) };
	}
	return ov_ev_emit(h->e, &x);
}

/* protected\AVP21.3\environment and kin: ProductDisplayVersion. */
static ov_status environments(struct ov_hive *h, const struct ov_hive_key *vendor,
			      struct ov_str where)
{
	struct ov_hive_key at, k, env;
	struct ov_hive_walk w;

	if (ov_hive_child(h, vendor, "protected", &at) != OV_OK)
		return OV_OK;
	OV_TRY(ov_hive_walk(h, &at, &w));
	while (ov_hive_step(h, &w, &k)) {
		struct ov_ev_found x;

		if (ov_hive_child(h, &k, "environment", &env) != OV_OK)
			continue;
		ov_ev_begin(&x, OV_WHAT_INSTALLED, ov_hive_text(h, &env, "ProductName"));
		if (x.c.name.n == 0)
			x.c.name = k.name;
		x.c.id = k.name;
		x.c.version = ov_hive_text(h, &env, "ProductDisplayVersion");
		x.c.since.latest = ov_hive_time(env.written);
		x.c.since.from = OV_STR("key's time");
		ov_ev_add(&x, OV_EV_REGKEY, OV_E3,
			  ov_ev_fmt(h->e, "%.*s\\protected\\%.*s", (int)where.n, where.p,
				    (int)ov_min_size(k.name.n, 500), k.name.p),
			  where);
		OV_TRY(ov_ev_emit(h->e, &x));
	}
	return OV_OK;
}

static ov_status each_agent(struct ov_hive *h, const struct ov_hive_key *root)
{
	static const char *const tops[] = { "", "Wow6432Node\\", "Software\\",
					    "Software\\Wow6432Node\\" };

	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++) {
		const struct ov_str state = ov_ev_fmt(h->e, "%s%s", tops[i], agent_state);
		const struct ov_str vendor = ov_ev_fmt(h->e, "%sKasperskyLab", tops[i]);
		struct ov_hive_key k;

		if (ov_hive_path(h, root, state.p, &k))
			OV_TRY(agent(h, &k, state));
		if (ov_hive_path(h, root, vendor.p, &k))
			OV_TRY(environments(h, &k, vendor));
	}
	return OV_OK;
}

ov_status ov_hive_report(struct ov_hive *h, const struct ov_hive_key *root)
{
	OV_TRY(each_uninstall(h, root));
	OV_TRY(each_service(h, root));
	return each_agent(h, root);
}
