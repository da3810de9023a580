//! Messages of the wire protocol, found in a stream of bytes (PostgreSQL manual, sections 55.2 and 55.7).

/// No message of the protocol; nothing behind it can be read either.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreadable;

/// One message: its first byte and what follows its length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
}

/// Given in place of the first byte, which the first message of a client lacks.
pub(super) const STARTUP: u8 = 0;
/// The same for the request to cancel a query, which is all that its connection says.
pub(super) const CANCEL: u8 = 1;

const MAJOR_VERSION: u32 = 3;
const CANCEL_CODE: u32 = 80_877_102;
/// The longest that Postgres reads itself (`PQ_LARGE_MESSAGE_LIMIT`).
const LONGEST: usize = 0x3fff_ffff;

/// What was received and is no whole message yet.
#[derive(Debug)]
pub(super) struct Frames {
    pending: Vec<u8>,
    starting: bool,
}

impl Frames {
    /// The client's side, which begins with a message that has no first byte.
    pub(super) fn of_client() -> Self {
        Self {
            pending: Vec::new(),
            starting: true,
        }
    }

    /// The server's side.
    pub(super) fn of_server() -> Self {
        Self {
            pending: Vec::new(),
            starting: false,
        }
    }

    /// Gives `heard` each message that is whole with `bytes`.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        mut heard: impl FnMut(Message<'_>),
    ) -> Result<(), Unreadable> {
        self.pending.extend_from_slice(bytes);
        let mut rest = self.pending.as_slice();
        loop {
            let whole = if self.starting {
                first(rest)?
            } else {
                next(rest)?
            };
            let Some((message, behind)) = whole else {
                break;
            };
            heard(message);
            self.starting = false;
            rest = behind;
        }
        let read = self.pending.len() - rest.len();
        self.pending.drain(..read);
        Ok(())
    }
}

/// Something whole and the bytes behind it, if it is there already.
type Split<'a, T> = Result<Option<(T, &'a [u8])>, Unreadable>;

fn next(bytes: &[u8]) -> Split<'_, Message<'_>> {
    let Some((&tag, framed)) = bytes.split_first() else {
        return Ok(None);
    };
    if !tag.is_ascii_alphanumeric() {
        return Err(Unreadable);
    }
    let split = split_frame(framed)?;
    Ok(split.map(|(body, rest)| (Message { tag, body }, rest)))
}

fn first(bytes: &[u8]) -> Split<'_, Message<'_>> {
    let Some((body, rest)) = split_frame(bytes)? else {
        return Ok(None);
    };
    let code = body.first_chunk().map(|code| u32::from_be_bytes(*code));
    let tag = match code {
        Some(CANCEL_CODE) => CANCEL,
        Some(version) if version >> 16 == MAJOR_VERSION => STARTUP,
        // Requests for TLS or GSSAPI.
        _ => return Err(Unreadable),
    };
    Ok(Some((Message { tag, body }, rest)))
}

/// A body and what is behind it; the length before it counts itself.
fn split_frame(bytes: &[u8]) -> Split<'_, &[u8]> {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Unreadable)?;
    let body = length.checked_sub(4).ok_or(Unreadable)?;
    if body > LONGEST {
        return Err(Unreadable);
    }
    Ok(rest.split_at_checked(body))
}

/// A text up to its NUL, and what is behind that.
pub(super) fn text(bytes: &[u8]) -> (String, &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let text = parts.next().unwrap_or_default();
    (
        String::from_utf8_lossy(text).into_owned(),
        parts.next().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"\0\0\0\x09\0\x03\0\0\0Q\0\0\0\x0dSELECT 1\0S\0\0\0\x04";

    fn heard(frames: &mut Frames, bytes: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, Unreadable> {
        let mut all = Vec::new();
        frames.read(bytes, |message| {
            all.push((message.tag, message.body.to_vec()));
        })?;
        Ok(all)
    }

    #[test]
    fn messages_are_the_same_however_they_are_cut() {
        let whole = heard(&mut Frames::of_client(), STREAM).unwrap();
        let tags: Vec<u8> = whole.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(tags, [STARTUP, b'Q', b'S']);
        assert_eq!(whole[1].1, b"SELECT 1\0");
        for piece in 1..STREAM.len() {
            let mut frames = Frames::of_client();
            let cut: Vec<_> = STREAM
                .chunks(piece)
                .flat_map(|bytes| heard(&mut frames, bytes).unwrap())
                .collect();
            assert_eq!(cut, whole, "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_message_is_unreadable() {
        let tls = b"\0\0\0\x08\x04\xd2\x16\x2f";
        heard(&mut Frames::of_client(), tls).unwrap_err();
        heard(&mut Frames::of_server(), b"Z\0\0\0\x03").unwrap_err();
        heard(&mut Frames::of_server(), b"Z\xff\xff\xff\xff").unwrap_err();
        heard(&mut Frames::of_server(), b"\x16\x03\x01\x02\0").unwrap_err();
        heard(&mut Frames::of_server(), b"Z\0\0\0\x05I").unwrap();
    }
}
