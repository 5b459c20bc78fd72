//! Secrets from a file or from a command. Their values go nowhere but into a `Secret`.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{Secret, TargetError};

/// A client secret is short; more is the wrong file.
const LIMIT: u64 = 64 * 1024;

/// Tools that ask a vault over the network need a while.
const PATIENCE: Duration = Duration::from_secs(20);

/// The content of a file, without the line break at its end.
pub(super) fn from_file(path: &Path) -> Result<Secret<String>, TargetError> {
    let wrong = |reason: String| TargetError::SecretFile { reason };
    let found = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if !found.is_file() {
        return Err(wrong("it is no regular file".into()));
    }
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let bytes = limited(file).map_err(wrong)?;
    secret(bytes).map_err(wrong)
}

/// What a command prints to its standard output, without spaces and line breaks around it.
pub(super) fn from_command(words: &[String]) -> Result<Secret<String>, TargetError> {
    run(words, PATIENCE).and_then(secret).map_err(|reason| TargetError::SecretCommand { reason })
}

fn run(words: &[String], patience: Duration) -> Result<Vec<u8>, String> {
    let (program, arguments) = words.split_first().ok_or("no program is named")?;
    // What it says about its troubles may name the secret, so it is not shown.
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
    let output = child.stdout.take().expect("its output was asked for");
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(limited(output)));
    let Ok(read) = receive.recv_timeout(patience) else {
        end(&mut child);
        return Err(format!("`{program}` was not done after {} s", patience.as_secs()));
    };
    if read.is_err() {
        // It may want to write on for ever.
        end(&mut child);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let bytes = read?;
    if status.success() { Ok(bytes) } else { Err(format!("`{program}` ended with {status}")) }
}

fn end(child: &mut Child) {
    // It may have ended by itself in the meantime.
    let _ = child.kill();
    let _ = child.wait();
}

fn limited(from: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LIMIT { Err(format!("it is longer than {LIMIT} bytes")) } else { Ok(bytes) }
}

fn secret(bytes: Vec<u8>) -> Result<Secret<String>, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    match text.trim() {
        "" => Err("it is empty".into()),
        text if text.contains(char::is_control) => Err("it has more than one line".into()),
        text => Ok(Secret::new(text.to_owned())),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_command_prints_the_secret() {
        assert_eq!(from_command(&sh("echo ' s3cret '")).unwrap().reveal(), "s3cret");
    }

    #[test]
    fn a_command_that_fails_gives_no_secret() {
        for script in ["echo s3cret; exit 3", "true", "printf 'a\\nb\\n'", "printf '\\377'", "yes"] {
            let error = from_command(&sh(script)).unwrap_err();

            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        assert!(from_command(&["/no/such/program".to_owned()]).is_err());
        assert!(from_command(&[]).is_err());
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let error = run(&sh("exec sleep 600"), Duration::from_millis(50)).unwrap_err();

        assert!(error.contains("not done"), "{error}");
    }

    #[test]
    fn a_device_is_no_secret_file() {
        assert!(from_file(Path::new("/dev/zero")).is_err());
    }
}
