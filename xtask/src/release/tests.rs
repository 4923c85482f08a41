//! Against a server on the loopback address.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

/// A release of one small file, as an archive.
fn archive() -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    for (path, content) in [
        ("microkit-sdk-9.9.9/bin/microkit", "#!/bin/sh\n"),
        ("microkit-sdk-9.9.9/VERSION", "9.9.9\n"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, path, content.as_bytes())
            .unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Answers one request with `status` and `body`, but promises `promised` bytes. Returns the address.
fn serve(status: &'static str, body: Vec<u8>, promised: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/sdk.tar.gz", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = BufReader::new(&stream).lines().map_while(Result::ok);
        assert!(request.take_while(|line| !line.is_empty()).count() > 0);
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {promised}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    });
    url
}

fn release(url: String, content: &[u8]) -> Release {
    let sha256 = Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Release {
        name: "microkit-sdk-9.9.9".to_owned(),
        url,
        sha256,
    }
}

/// Installs into a fresh folder; on failure nothing may be left there.
fn failure(release: &Release) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = release
        .install(Path::new("curl"), folder.path())
        .unwrap_err();
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "something was left behind"
    );
    format!("{error:#}")
}

#[test]
fn a_whole_release_is_unpacked() {
    let archive = archive();
    let url = serve("200 OK", archive.clone(), archive.len());
    let folder = tempfile::tempdir().unwrap();
    let installed = release(url, &archive)
        .install(Path::new("curl"), folder.path())
        .unwrap();
    assert_eq!(installed, folder.path().join("microkit-sdk-9.9.9"));
    assert_eq!(
        fs::read_to_string(installed.join("VERSION")).unwrap(),
        "9.9.9\n"
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "only the SDK is left"
    );
}

#[test]
fn a_truncated_transfer_is_an_error() {
    let archive = archive();
    let half = archive[..archive.len() / 2].to_vec();
    let url = serve("200 OK", half, archive.len());
    let error = failure(&release(url, &archive));
    assert!(error.contains("cannot fetch"), "{error}");
}

#[test]
fn another_content_is_refused_by_its_checksum() {
    let archive = archive();
    let url = serve("200 OK", archive.clone(), archive.len());
    let error = failure(&release(url, b"something else"));
    assert!(
        error.contains("is not the release microkit-sdk-9.9.9"),
        "{error}"
    );
}

#[test]
fn a_missing_page_is_an_error() {
    let url = serve("404 Not Found", Vec::new(), 0);
    let error = failure(&release(url, b""));
    assert!(
        error.contains("cannot fetch") && error.contains("404"),
        "{error}"
    );
}

#[test]
fn a_refused_connection_is_an_error() {
    // A port that was free a moment ago; nobody listens there now.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = failure(&release(format!("http://127.0.0.1:{port}/sdk.tar.gz"), b""));
    assert!(error.contains("cannot fetch"), "{error}");
}

#[test]
fn an_archive_without_the_sdk_is_an_error() {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    tar.append_data(&mut header, "other", &b""[..]).unwrap();
    let archive = tar.into_inner().unwrap().finish().unwrap();
    let url = serve("200 OK", archive.clone(), archive.len());
    let error = failure(&release(url, &archive));
    assert!(
        error.contains("holds no microkit-sdk-9.9.9/bin/microkit"),
        "{error}"
    );
}
