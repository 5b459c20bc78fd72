//! Reads one HTTP/1 answer, leniently where a browser is, and never more than asked for. Decompresses nothing.

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::evidence::{Headers, Response, TransportFailure};

const HEAD_LIMIT: usize = 256 * 1024;
const INTERIM_ANSWERS: usize = 16;

/// Reads until the answer is complete or its body exceeds `body_limit`. The caller sets the deadline.
pub(super) async fn read_response(
    stream: &mut (impl AsyncRead + Unpin),
    body_limit: usize,
    expects_body: bool,
) -> Result<Response, TransportFailure> {
    let mut wire = Wire { stream, buffer: Vec::new(), at: 0, ended: None };
    for _ in 0..INTERIM_ANSWERS {
        let (status, headers) = read_head(&mut wire).await?;
        // 101 ends HTTP on this connection; other 1xx announce the real answer (RFC 9110 15.2).
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let bodiless = !expects_body || matches!(status, 101 | 204 | 304);
        let (body, body_cut) =
            if bodiless { (Vec::new(), false) } else { read_body(&mut wire, &headers, body_limit).await? };
        return Ok(Response { status, headers, body, body_cut });
    }
    Err(not_http("one interim answer after the other"))
}

struct Wire<'a, S> {
    stream: &'a mut S,
    buffer: Vec<u8>,
    at: usize,
    /// Why there is nothing more to read.
    ended: Option<String>,
}

impl<S: AsyncRead + Unpin> Wire<'_, S> {
    fn waiting(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Reads some more; `false` at the end of the connection.
    async fn fill(&mut self) -> bool {
        if self.ended.is_some() {
            return false;
        }
        if self.at > 64 * 1024 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => self.ended = Some("it was closed".into()),
            Ok(_) => return true,
            Err(error) => self.ended = Some(error.to_string()),
        }
        false
    }

    fn broken(&self, when: &str) -> TransportFailure {
        let how = self.ended.as_deref().unwrap_or("it was closed");
        TransportFailure::Broken { reason: format!("{how} {when}") }
    }

    /// One line without its end, which is LF with or without CR.
    async fn line(&mut self, budget: &mut usize, when: &str) -> Result<Vec<u8>, TransportFailure> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.waiting()[searched..].iter().position(|byte| *byte == b'\n') {
                let mut line = self.waiting()[..searched + end].to_vec();
                self.at += line.len() + 1;
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                *budget = budget.checked_sub(line.len() + 1).ok_or_else(|| not_http("the header has no end"))?;
                return Ok(line);
            }
            searched = self.waiting().len();
            if searched > *budget {
                return Err(not_http("the header has no end"));
            }
            if !self.fill().await {
                return Err(self.broken(when));
            }
        }
    }

    /// Moves up to `wanted` bytes to `body`; `false` where the connection ended before.
    async fn take(&mut self, mut wanted: usize, body: &mut Vec<u8>) -> bool {
        while wanted > 0 {
            if self.waiting().is_empty() && !self.fill().await {
                return false;
            }
            let part = wanted.min(self.waiting().len());
            body.extend_from_slice(&self.buffer[self.at..self.at + part]);
            self.at += part;
            wanted -= part;
        }
        true
    }
}

async fn read_head<S: AsyncRead + Unpin>(wire: &mut Wire<'_, S>) -> Result<(u16, Headers), TransportFailure> {
    let mut budget = HEAD_LIMIT;
    let status = read_status(wire, &mut budget).await?;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    loop {
        let line = wire.line(&mut budget, "within the header").await?;
        if line.is_empty() {
            break;
        }
        match lines.last_mut() {
            // A line that begins with white space continues the one before (RFC 9112 5.2).
            Some(last) if matches!(line[0], b' ' | b'\t') => {
                last.push(b' ');
                last.extend_from_slice(line.trim_ascii());
            }
            _ => lines.push(line),
        }
    }
    let headers = lines.into_iter().map(|line| {
        // A line without a colon is kept as a name: it is evidence.
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default().trim_ascii().to_vec();
        (String::from_utf8_lossy(&line[..colon]).trim().to_string(), value)
    });
    Ok((status, Headers(headers.collect())))
}

async fn read_status<S: AsyncRead + Unpin>(
    wire: &mut Wire<'_, S>,
    budget: &mut usize,
) -> Result<u16, TransportFailure> {
    // Garbage need not have a line end, so it is recognised by its first bytes.
    while wire.waiting().len() < 5 && b"HTTP/".starts_with(wire.waiting()) {
        if !wire.fill().await {
            let when = if wire.waiting().is_empty() { "before any answer" } else { "within the status line" };
            return Err(wire.broken(when));
        }
    }
    if !wire.waiting().starts_with(b"HTTP/") {
        let begin = &wire.waiting()[..wire.waiting().len().min(32)];
        return Err(not_http(&format!("it begins with `{}`", begin.escape_ascii())));
    }
    let line = wire.line(budget, "within the status line").await?;
    let text = String::from_utf8_lossy(&line).into_owned();
    let status = text.split(' ').filter(|word| !word.is_empty()).nth(1).unwrap_or_default();
    match status.parse::<u16>() {
        Ok(number @ 100..=999) if status.len() == 3 => Ok(number),
        _ => {
            Err(not_http(&format!("its status line is `{}`", text.chars().take(60).collect::<String>().escape_debug())))
        }
    }
}

async fn read_body<S: AsyncRead + Unpin>(
    wire: &mut Wire<'_, S>,
    headers: &Headers,
    limit: usize,
) -> Result<(Vec<u8>, bool), TransportFailure> {
    let mut body = Vec::new();
    let chunked = headers.all("transfer-encoding").any(|value| value.to_ascii_lowercase().contains("chunked"));
    if chunked {
        let cut = read_chunks(wire, limit, &mut body).await?;
        return Ok((body, cut));
    }
    if let Some(length) = content_length(headers)? {
        let wanted = usize::try_from(length).unwrap_or(usize::MAX);
        if !wire.take(wanted.min(limit), &mut body).await {
            return Err(wire.broken(&format!("after {} of {length} bytes of the body", body.len())));
        }
        return Ok((body, wanted > limit));
    }
    // One byte more than the limit tells a body of exactly that size from a longer one.
    let complete = !wire.take(limit.saturating_add(1), &mut body).await;
    body.truncate(limit);
    match &wire.ended {
        // TLS without close_notify looks like this; browsers accept it where the end of the connection ends the body.
        Some(how) if how != "it was closed" && !how.contains("close_notify") => Err(wire.broken("within the body")),
        _ => Ok((body, !complete)),
    }
}

async fn read_chunks<S: AsyncRead + Unpin>(
    wire: &mut Wire<'_, S>,
    limit: usize,
    body: &mut Vec<u8>,
) -> Result<bool, TransportFailure> {
    loop {
        let line = wire.line(&mut HEAD_LIMIT.clone(), "between two chunks").await?;
        let text = String::from_utf8_lossy(&line);
        let size = text.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16)
            .map_err(|_| not_http(&format!("a chunk's size is `{}`", size.chars().take(40).collect::<String>())))?;
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let room = limit - body.len();
        if !wire.take(size.min(room), body).await {
            return Err(wire.broken("within a chunk"));
        }
        if size > room {
            return Ok(true);
        }
        let end = wire.line(&mut HEAD_LIMIT.clone(), "behind a chunk").await?;
        if !end.is_empty() {
            return Err(not_http("a chunk is longer than its size says"));
        }
    }
    // Trailers, as far as they are there: the body is complete without them.
    let mut budget = HEAD_LIMIT;
    while wire.line(&mut budget, "within the trailers").await.is_ok_and(|line| !line.is_empty()) {}
    Ok(false)
}

fn content_length(headers: &Headers) -> Result<Option<u64>, TransportFailure> {
    let mut lengths = headers.all("content-length").flat_map(|value| value.split(',')).map(str::trim);
    let Some(first) = lengths.next() else { return Ok(None) };
    if lengths.any(|length| length != first) {
        return Err(not_http("it has two different lengths"));
    }
    let digits_only = first.bytes().all(|byte| byte.is_ascii_digit());
    let length = first.parse().ok().filter(|_| digits_only);
    length.map(Some).ok_or_else(|| not_http(&format!("its length is `{}`", first.escape_debug())))
}

fn not_http(reason: &str) -> TransportFailure {
    TransportFailure::NotHttp { reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Result<Response, TransportFailure> {
        read_response(&mut &bytes[..], 10, true).await
    }

    #[tokio::test]
    async fn answers_of_every_framing_are_read() {
        let cases: [(&[u8], u16, &[u8], bool); 12] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", 200, b"he", false),
            (b"HTTP/1.1 200 OK\r\n\r\nhello", 200, b"hello", false),
            (b"HTTP/1.1 200\n\nhello", 200, b"hello", false),
            (b"HTTP/1.0 401 No\r\n\r\n", 401, b"", false),
            (b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", 204, b"", false),
            (b"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 201 Made\r\n\r\nx", 201, b"x", false),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                200,
                b"hello",
                false,
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n0123456789ab",
                200,
                b"0123456789",
                true,
            ),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 200, b"0123456789", false),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789", 200, b"0123456789", true),
            (b"HTTP/1.1 200 OK\r\n\r\n0123456789", 200, b"0123456789", false),
            (b"HTTP/1.1 200 OK\r\n\r\n0123456789a", 200, b"0123456789", true),
        ];
        for (bytes, status, body, cut) in cases {
            let shown = bytes.escape_ascii();
            let answer = read(bytes).await.unwrap_or_else(|failure| panic!("{shown}: {failure}"));

            assert_eq!((answer.status, &answer.body[..], answer.body_cut), (status, body, cut), "{shown}");
        }
    }

    #[tokio::test]
    async fn header_lines_keep_spelling_order_and_repetition() {
        let bytes =
            b"HTTP/1.1 200 OK\r\nset-COOKIE: a=1\r\nSet-Cookie:b=2\r\nX: \xff\r\nfolded: a\r\n  b\r\nodd\r\n\r\n";

        let headers = read(bytes).await.unwrap_or_else(|failure| panic!("{failure}")).headers;

        assert_eq!(headers.all("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(headers.0[0].0, "set-COOKIE");
        assert_eq!(headers.0[2], ("X".into(), vec![0xff]));
        assert_eq!(headers.find("folded"), Some("a b"));
        assert_eq!(headers.find("odd"), Some(""));
    }

    #[tokio::test]
    async fn what_is_not_an_answer_is_told_apart() {
        let broken: [&[u8]; 6] = [
            b"",
            b"HTT",
            b"HTTP/1.1 200 OK\r\nA: b",
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
        ];
        for bytes in broken {
            let failure = read(bytes).await.err();
            assert!(matches!(failure, Some(TransportFailure::Broken { .. })), "{}", bytes.escape_ascii());
        }
        let not_http: [&[u8]; 9] = [
            b"SSH-2.0-OpenSSH",
            b"\x15\x03\x01\x00\x02\x02",
            b"<html>",
            b"HTTP/1.1 OK\r\n\r\n",
            b"HTTP/1.1 20\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nxy",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n",
        ];
        for bytes in not_http {
            let failure = read(bytes).await.err();
            assert!(matches!(failure, Some(TransportFailure::NotHttp { .. })), "{}", bytes.escape_ascii());
        }
    }

    #[tokio::test]
    async fn an_endless_header_ends_the_reading() {
        let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"A: b\r\n".repeat(100_000)].concat();
        let one_line = [b"HTTP/1.1 200 OK\r\nA: ".to_vec(), vec![b'a'; 1_000_000]].concat();

        for bytes in [endless, one_line] {
            assert!(matches!(read(&bytes).await.err(), Some(TransportFailure::NotHttp { .. })));
        }
    }
}
