//! Where this machine keeps Postgres's server binaries.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The variable that names the folder of `postgres` and `initdb`, and ends the search.
const OVERRIDE: &str = "TENANCY_PG_BINDIR";

/// Folders that hold one installation per major version, and what stands before the version.
const VERSIONED: [(&str, &str); 3] = [
    ("/usr/lib/postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

/// The folder of `postgres` and `initdb`, or what to do about there being none.
pub(super) fn find() -> Result<PathBuf, String> {
    if let Some(folder) = env::var_os(OVERRIDE) {
        return Some(PathBuf::from(folder))
            .filter(|folder| has_server(folder))
            .ok_or_else(|| format!("{OVERRIDE} names a folder without `postgres` and `initdb`"));
    }
    on_path()
        .or_else(from_pg_config)
        .or_else(|| VERSIONED.into_iter().find_map(|(folder, prefix)| newest(folder, prefix)))
        .ok_or_else(|| {
            format!(
                "no Postgres server found: install it (Debian, Ubuntu: `apt-get install postgresql`; \
                 macOS: `brew install postgresql@18`) or set {OVERRIDE} to the folder of `postgres` \
                 and `initdb`"
            )
        })
}

fn on_path() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|folder| has_server(folder))
}

fn from_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = PathBuf::from(str::from_utf8(&output.stdout).ok()?.trim());
    has_server(&folder).then_some(folder)
}

fn newest(folder: &str, prefix: &str) -> Option<PathBuf> {
    let installation = |entry: fs::DirEntry| {
        let version: u32 = entry
            .file_name()
            .to_str()?
            .strip_prefix(prefix)?
            .parse()
            .ok()?;
        Some((version, entry.path().join("bin")))
    };
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter_map(installation)
        .filter(|(_, bin)| has_server(bin))
        .max()
        .map(|(_, bin)| bin)
}

fn has_server(folder: &Path) -> bool {
    // `pg_config` alone proves nothing: it comes with the client library as well.
    folder.join("postgres").is_file() && folder.join("initdb").is_file()
}
