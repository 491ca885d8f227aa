use super::*;

fn read(bytes: &[u8]) -> Result<Option<Frame>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(Frame::read(&mut std::io::Cursor::new(bytes)))
}

#[test]
fn a_message_is_read_as_it_was_written() {
    let frame = Frame::new(b'Q', b"select 1\0".to_vec());
    assert_eq!(frame.encoded(), b"Q\0\0\0\x0dselect 1\0");
    assert_eq!(read(&frame.encoded()).expect("a message"), Some(frame));
    assert_eq!(read(b"").expect("the end"), None);
}

#[test]
fn a_broken_stream_is_an_error() {
    for bytes in [&b"Q\0\0\0\x03"[..], b"Q\0\0\0\x0dsel", b"Q\xff\xff\xff\xff", b"Q\0"] {
        read(bytes).expect_err("a broken message");
    }
    assert!(Frame::text(b"no end").is_err() && Frame::text(b"\xff\0").is_err());
}

#[test]
fn the_fields_of_an_error_are_those_it_was_made_of() {
    let frame = Frame::fatal("28000", "no");
    let fields = [(b'S', "FATAL"), (b'C', "28000"), (b'M', "no")].map(|(kind, text)| (kind, text.to_owned()));
    assert_eq!(frame.fields(), fields);
}
