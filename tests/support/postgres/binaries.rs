//! Where this machine keeps Postgres's server binaries.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The variable that names the folder of `postgres` and `initdb`, and ends the search.
const OVERRIDE: &str = "TENANCY_PG_BINDIR";
/// The same for the search for the newest.
const NEWEST_OVERRIDE: &str = "TENANCY_PG_NEWEST_BINDIR";

/// The major version that the newest has to have at least.
const NEWEST: u32 = 18;

/// Where `tests/run` puts a server that it fetched; root's are elsewhere, for they have to be open to others.
const FETCHED: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/../target/postgres"),
    "/var/cache/tenancy-tests/postgres",
];

/// Folders that hold one installation per major version, and what stands before the version.
const VERSIONED: [(&str, &str); 3] = [
    ("/usr/lib/postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

/// The folder of `postgres` and `initdb`, or what to do about there being none.
pub(super) fn find() -> Result<PathBuf, String> {
    if let Some(folder) = named_by(OVERRIDE)? {
        return Ok(folder);
    }
    on_path()
        .next()
        .or_else(from_pg_config)
        .or_else(|| VERSIONED.into_iter().find_map(|(folder, prefix)| newest_in(folder, prefix)))
        .ok_or_else(|| {
            format!(
                "no Postgres server found: install it (Debian, Ubuntu: `apt-get install postgresql`; \
                 macOS: `brew install postgresql@18`) or set {OVERRIDE} to the folder of `postgres` \
                 and `initdb`"
            )
        })
}

/// The folder of the newest `postgres` and `initdb`, or what to do about there being none of version 18.
pub(super) fn newest() -> Result<PathBuf, String> {
    if let Some(folder) = named_by(NEWEST_OVERRIDE)? {
        return Ok(folder);
    }
    let versioned = VERSIONED.into_iter().map(|(folder, _)| folder);
    let installations = versioned.chain(FETCHED).flat_map(subfolders);
    named_by(OVERRIDE)?
        .into_iter()
        .chain(on_path())
        .chain(from_pg_config())
        .chain(installations.map(|folder| folder.join("bin")))
        .filter(|folder| has_server(folder))
        .filter_map(|folder| Some((version(&folder)?, folder)))
        // The first of equals.
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .filter(|((major, _), _)| *major >= NEWEST)
        .map(|(_, folder)| folder)
        .ok_or_else(|| {
            format!(
                "no Postgres {NEWEST} or newer found: run `tests/run`, which fetches it where it can, or install it \
                 and set {NEWEST_OVERRIDE} to the folder of its `postgres` and `initdb`"
            )
        })
}

fn named_by(variable: &str) -> Result<Option<PathBuf>, String> {
    match env::var_os(variable).map(PathBuf::from) {
        Some(folder) if !has_server(&folder) => Err(format!(
            "{variable} names a folder without `postgres` and `initdb`"
        )),
        folder => Ok(folder),
    }
}

fn on_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    folders.into_iter().filter(|folder| has_server(folder))
}

fn from_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = PathBuf::from(str::from_utf8(&output.stdout).ok()?.trim());
    has_server(&folder).then_some(folder)
}

fn newest_in(folder: &str, prefix: &str) -> Option<PathBuf> {
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

fn subfolders(folder: &str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// What `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` or `postgres (PostgreSQL) 19beta1` says.
fn version(folder: &Path) -> Option<(u32, u32)> {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text
        .split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok());
    Some((numbers.next()?, numbers.next().unwrap_or_default()))
}

fn has_server(folder: &Path) -> bool {
    // `pg_config` alone proves nothing: it comes with the client library as well.
    folder.join("postgres").is_file() && folder.join("initdb").is_file()
}
