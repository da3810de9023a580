//! A server's process that goes away together with the process that asked for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const LOG_TAIL: usize = 4096;

/// A server, its temporary folder, and the shell that keeps both.
///
/// The shell is the server's parent and reads from a pipe whose other end is held here. When this process ends,
/// even by SIGKILL, the pipe closes, and the shell stops the server and removes the folder.
#[derive(Debug)]
pub(crate) struct Supervised {
    shell: Child,
    folder: PathBuf,
    log: File,
}

impl Supervised {
    /// Runs the shell's `script` with a new name for a folder, the server's program or their folder, and a port.
    pub(crate) fn spawn(name: &str, script: &str, program: &Path, port: u16) -> io::Result<Self> {
        let user = unprivileged_user();
        // Root's `TMPDIR` may be closed to others.
        let parent = user.map_or_else(std::env::temp_dir, |_| PathBuf::from("/tmp"));
        let folder = parent.join(format!("tenancy-{name}-{}", random()?));
        let log = nameless_file(&folder.with_extension("log"))?;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script, "supervisor"])
            .args([folder.as_path(), program])
            .arg(port.to_string())
            .current_dir("/")
            .env("LC_ALL", "C")
            // A terminal's Ctrl-C is for us; the supervisor learns of our end through the pipe.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?);
        if let Some((uid, gid)) = user {
            shell.uid(uid).gid(gid);
        }
        Ok(Self {
            shell: shell.spawn()?,
            folder,
            log,
        })
    }

    /// Writes a line to the script's standard input.
    pub(crate) fn tell(&self, line: &str) -> io::Result<()> {
        self.shell
            .stdin
            .as_ref()
            .map_or(Ok(()), |mut pipe| writeln!(pipe, "{line}"))
    }

    /// The folder that the script makes, and removes in the end.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the script has come to its end by itself.
    pub(crate) fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.shell.try_wait()?.is_some())
    }

    /// The end of what script and server have written.
    pub(crate) fn log_tail(&self) -> io::Result<String> {
        let start = self.log.metadata()?.len().saturating_sub(LOG_TAIL as u64);
        let mut tail = vec![0; LOG_TAIL];
        let length = self.log.read_at(&mut tail, start)?;
        tail.truncate(length);
        Ok(String::from_utf8_lossy(&tail).into_owned())
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // There is nobody left to tell about a failure.
        let _ = self.shell.wait();
    }
}

/// 128 random bits in hexadecimal.
pub(crate) fn random() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// A port of 127.0.0.1 that was free a moment ago.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// A file that goes away when the last process has closed it.
fn nameless_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .create_new(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    fs::remove_file(path)?;
    Ok(file)
}

/// Whom a server has to run as when we are root, which Postgres and PgBouncer refuse to be.
fn unprivileged_user() -> Option<(u32, u32)> {
    if id(&["-u"])? != 0 {
        return None;
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|user| Some((id(&["-u", user])?, id(&["-g", user])?)))
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
}
