//! Files of tokens: the figures of RFC 6030, a file that Debian's pskctool made, one that was encrypted with OpenSSL, and
//! files of strangers.

use super::*;
use doorward_api::plugin::{Check, Verified};
use doorward_api::settings::{Document, Windows};
use doorward_api::template::Synchronization::{Event, Time};
use doorward_api::{PluginError, Secret, SecretBytes, Timestamp};
use doorward_oath::{Algorithm, Digits, Params, hotp};

const FIGURE_2: &str = include_str!("files/figure2.xml");
const FIGURE_3: &str = include_str!("files/figure3.xml");
const FIGURE_4: &str = include_str!("files/figure4.xml");
const FIGURE_5: &str = include_str!("files/figure5.xml");
const FIGURE_6: &str = include_str!("files/figure6.xml");
const FIGURE_7: &str = include_str!("files/figure7.xml");
const FIGURE_10: &str = include_str!("files/figure10.xml");
/// Signed, and with it written anew, by `pskctool --sign` 2.6.7.
const PSKCTOOL: &str = include_str!("files/pskctool.xml");
/// AES-256, HMAC and PBKDF2 with SHA-256; made with OpenSSL. The password is "correct horse".
const AES_256: &str = include_str!("files/aes256.xml");

/// The secret of most examples.
const SECRET: &[u8] = b"12345678901234567890";
const SECRET_HEX: &str = "3132333435363738393031323334353637383930";
const SECRET_BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn rows(file: &str) -> Vec<ImportRow> {
    read(file.as_bytes(), None).unwrap()
}

fn fault(file: &str) -> ImportFault {
    read(file.as_bytes(), None).unwrap_err()
}

/// Why the only row is not taken.
fn refused(file: &str) -> String {
    let mut rows = rows(file);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0).token.unwrap_err()
}

fn good(row: &ImportRow) -> (&ImportedToken, Kept) {
    let token = row.token.as_ref().unwrap();
    assert_eq!(row.serial.as_ref(), Some(&token.serial));
    (token, Kept::read(&token.opened).unwrap())
}

fn password(text: &str) -> ImportKey {
    ImportKey::Password(Secret::new(text))
}

fn key(bytes: &[u8]) -> ImportKey {
    ImportKey::Key(SecretBytes::new(bytes.to_vec()))
}

/// The key of figure 6: its digits are said in hexadecimal.
fn figure_6_key() -> ImportKey {
    key(&[0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12])
}

#[test]
fn figure_3_is_an_event_based_token_of_eight_digits() {
    let rows = rows(FIGURE_3);
    let (token, kept) = good(&rows[0]);
    assert_eq!((rows.len(), rows[0].place, token.serial.as_str()), (1, 1, "987654321"));
    assert_eq!((kept.secret(), kept.last), (SECRET, None));
    assert_eq!((token.template.length, token.template.synchronization), (8, Event { look_ahead: 3 }));
    assert_eq!((token.template.mode, token.template.hash), (Mode::QuickLog, HashAlgorithm::Sha1));
}

#[test]
fn figures_2_and_4_have_no_secret_that_would_do() {
    assert_eq!(refused(FIGURE_2), "Its secret has fewer than 16 bytes.");
    assert_eq!(rows(FIGURE_2)[0].serial.as_deref(), Some("12345678"), "the key's own number, without a device");
    assert_eq!(refused(FIGURE_4), "It has no secret.");
}

#[test]
fn figure_5_is_a_token_that_asks_for_its_pin_itself_and_a_pin_which_is_none() {
    let rows = rows(FIGURE_5);
    assert_eq!(good(&rows[0]).1.secret(), SECRET);
    assert_eq!(rows[1].serial.as_deref(), Some("987654321"), "the device's");
    assert_eq!(rows[1].token.as_ref().unwrap_err(), "It is a PIN and no token.");
    let appended = FIGURE_5.replace("PINUsageMode=\"Local\"", "PINUsageMode=\"Append\"");
    assert!(self::rows(&appended)[0].token.is_err());
}

#[test]
fn figure_6_is_opened_by_the_key_that_both_sides_have() {
    let rows = read(FIGURE_6.as_bytes(), Some(&figure_6_key())).unwrap();
    let (token, kept) = good(&rows[0]);
    assert_eq!((kept.secret(), token.serial.as_str(), token.template.length), (SECRET, "987654321", 8));
}

#[test]
fn figure_7_is_opened_by_its_password_or_by_the_key_that_comes_of_it() {
    let derived = [0x65, 0x1e, 0x63, 0xcd, 0x57, 0x00, 0x84, 0x76, 0xaf, 0x1f, 0xf6, 0x42, 0x2c, 0xd0, 0x2e, 0x41];
    for key in [password("qwerty"), key(&derived)] {
        let rows = read(FIGURE_7.as_bytes(), Some(&key)).unwrap();
        assert_eq!(good(&rows[0]).1.secret(), SECRET);
    }
}

#[test]
fn figure_10_has_three_devices_of_which_one_stands_there_twice() {
    let rows = rows(FIGURE_10);
    let serials: Vec<_> = rows.iter().map(|row| row.serial.as_deref().unwrap()).collect();
    assert_eq!(serials, ["654321", "123456", "9999999", "9999999"]);
    assert!(rows[..3].iter().all(|row| row.token.is_ok()));
    let sentence = rows[3].token.as_ref().unwrap_err();
    assert_eq!(sentence, "Its serial number stands in this file before, at 3.");
}

#[tokio::test]
async fn a_token_is_good_for_nothing_outside_the_dates_of_its_file() {
    let rows = rows(FIGURE_10);
    let token = rows[0].token.as_ref().unwrap();
    let plugin =
        (crate::PLUGIN.build)(serde_json::json!({}), crate::tests::host()).unwrap_or_else(|error| panic!("{error}"));
    let check = Check { template: &token.template, windows: &Windows::of_new(), challenge: None };
    let code = hotp::passcode(SECRET, 0, Params { algorithm: Algorithm::Sha1, digits: Digits::EIGHT });
    // 2006-05-01 and 2006-05-31, both at midnight.
    for (secs, expected) in
        [(1_146_441_599, false), (1_146_441_600, true), (1_149_033_599, true), (1_149_033_600, false)]
    {
        let (answer, now) = (Secret::new(code.expose()), Timestamp::from_secs(secs));
        let verified = plugin.authenticator().unwrap().verify(&token.opened, &check, &answer, now).await;
        assert_eq!(matches!(verified, Ok(Verified::Accepted { .. })), expected, "{secs}");
    }
}

#[test]
fn a_file_that_pskctool_has_signed_is_read_as_pskctool_reads_it() {
    let rows = rows(PSKCTOOL);
    let [time, clicks, asked] = &rows[..] else { panic!("{rows:?}") };
    let (token, kept) = good(time);
    assert_eq!((token.serial.as_str(), token.template.length), ("ET-0001", 8));
    assert_eq!((token.template.synchronization, token.template.hash), (Time { step: 60 }, HashAlgorithm::Sha256));
    assert_eq!((kept.secret(), kept.drift, kept.last), (&b"12345678901234567890123456789012"[..], -4, None));
    assert!(!kept.valid_at(Timestamp::from_secs(1_704_067_199)) && kept.valid_at(Timestamp::from_secs(1_704_067_200)));
    let (token, kept) = good(clicks);
    assert_eq!((token.template.synchronization, kept.last), (Event { look_ahead: 3 }, Some(3)));
    let (token, kept) = good(asked);
    assert_eq!((token.template.mode, token.template.length, kept.secret()), (Mode::ChallengeResponse, 6, SECRET));
}

#[test]
fn a_file_of_longer_keys_is_opened_and_an_altered_token_in_it_is_named() {
    let rows = read(AES_256.as_bytes(), Some(&password("correct horse"))).unwrap();
    assert_eq!(good(&rows[0]).1.secret(), SECRET);
    assert_eq!(good(&rows[1]).1.secret(), b"abcdefghijklmnopqrst");
    let altered = AES_256.replace("wThnW9N8", "wThnW9N9");
    let rows = read(altered.as_bytes(), Some(&password("correct horse"))).unwrap();
    assert!(rows[0].token.is_ok());
    assert_eq!(rows[1].token.as_ref().unwrap_err(), "Its secret was altered: the MAC does not fit.");
}

#[test]
fn an_encrypted_file_asks_for_its_key_and_says_when_it_is_another() {
    for file in [FIGURE_6, FIGURE_7, AES_256] {
        assert_eq!(fault(file), ImportFault::KeyNeeded);
        for wrong in [password("letmein"), key(&[7; 16]), key(&[7; 32]), key(&[7; 3]), key(&[])] {
            assert_eq!(read(file.as_bytes(), Some(&wrong)).unwrap_err(), ImportFault::WrongKey, "{wrong:?}");
        }
    }
    // Every key of so many is wrong, whatever its filling happens to be once decrypted.
    for n in 0..=255 {
        assert_eq!(read(FIGURE_6.as_bytes(), Some(&key(&[n; 16]))).unwrap_err(), ImportFault::WrongKey, "{n}");
    }
}

#[test]
fn an_encrypted_file_without_a_mac_or_by_unknown_means_is_not_believed() {
    let opened = |file: &str| read(file.as_bytes(), Some(&figure_6_key()));
    let method = &FIGURE_6[FIGURE_6.find("<MACMethod").unwrap()..FIGURE_6.find("<KeyPackage>").unwrap()];
    assert!(matches!(opened(&FIGURE_6.replace(method, "")), Err(ImportFault::Malformed(_))));
    let value = &FIGURE_6[FIGURE_6.find("<ValueMAC>").unwrap()..FIGURE_6.find("</Secret>").unwrap()];
    let rows = opened(&FIGURE_6.replace(value, "")).unwrap();
    assert_eq!(rows[0].token.as_ref().unwrap_err(), "Its secret is encrypted without a MAC.");
    for (there, instead) in [
        ("hmac-sha1\"", "hmac-md5\""),
        ("<ds:KeyName>Pre-shared-key</ds:KeyName>", "<ds:X509Data/>"),
        ("<xenc:CipherValue>\n    ESIz", "<xenc:CipherValue>?"),
    ] {
        assert!(FIGURE_6.contains(there));
        assert!(matches!(opened(&FIGURE_6.replace(there, instead)), Err(ImportFault::Malformed(_))), "{instead}");
    }
    let derived = |there: &str, instead: &str| {
        assert!(FIGURE_7.contains(there));
        read(FIGURE_7.replace(there, instead).as_bytes(), Some(&password("qwerty")))
    };
    for (there, instead) in [
        (">1000<", ">2000001<"),
        (">1000<", ">0<"),
        (">16</KeyLength>", ">17</KeyLength>"),
        ("<PRF/>", "<PRF Algorithm=\"x\"/>"),
        ("#pbkdf2", "#scrypt"),
        ("Ej7/PEpyEpw=", "*"),
    ] {
        assert!(matches!(derived(there, instead), Err(ImportFault::Malformed(_))), "{instead}");
    }
}

#[test]
fn what_a_key_asks_for_that_is_not_kept_here_refuses_it_alone() {
    for (there, instead, why) in [
        ("pskc:hotp", "pskc:valuemac", "Its algorithm is none of HOTP, TOTP and OCRA."),
        ("pskc:hotp", "pskc:ocra", "Its OCRA suite is not OCRA-1:HOTP-SHA1-6:QN08 or OCRA-1:HOTP-SHA1-8:QN08."),
        ("Length=\"8\"", "Length=\"7\"", "Passcodes have 6 or 8 digits."),
        ("Length=\"8\"", "", "It does not say how long its passcodes are."),
        ("DECIMAL", "ALPHANUMERIC", "Its passcodes are not of decimal digits."),
        ("\"DECIMAL\"", "\"DECIMAL\" CheckDigits=\"true\"", "Its passcodes have a check digit."),
        (">0<", ">-1<", "Its counter is no number, or is encrypted."),
        ("MTIzNDU2", "MTIz*DU2", "Its secret is not written in base64."),
        ("<SerialNo>987654321", "<SerialNo>=HYPERLINK(1)", "Its serial number is not of letters, digits"),
        ("</Data>", "</Data><Policy><KeyUsage>Encrypt</KeyUsage></Policy>", "Its policy does not allow it"),
        ("</Data>", "</Data><Policy><NumberOfTransactions>1</NumberOfTransactions></Policy>", "Its policy has a rule"),
        ("</Data>", "</Data><Policy><ExpiryDate>soon</ExpiryDate></Policy>", "A date of its policy cannot be read."),
    ] {
        assert!(FIGURE_3.contains(there), "{there}");
        let sentence = refused(&FIGURE_3.replace(there, instead));
        assert!(sentence.starts_with(why), "{instead}: {sentence}");
    }
    let suite = |suite: &str| PSKCTOOL.replace("<Suite>HMAC-SHA256</Suite>", suite);
    assert!(rows(&suite("<Suite>HMAC-MD5</Suite>"))[0].token.is_err());
    assert!(rows(&suite("<Suite>SHA512</Suite>"))[0].token.is_ok());
    assert!(rows(&PSKCTOOL.replace("<TimeInterval><PlainValue>60", "<TimeInterval><PlainValue>61"))[0].token.is_err());
    assert!(rows(&PSKCTOOL.replace(">4294967292<", ">-101<"))[0].token.is_err());
}

#[test]
fn a_document_that_would_make_much_of_little_is_refused() {
    let with = |prolog: &str, inside: &str| {
        let file = FIGURE_3.replace("<KeyContainer", &format!("{prolog}<KeyContainer")).replace("Issuer<", inside);
        fault(&file)
    };
    let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;\">]>";
    let refused = |fault: ImportFault| assert!(matches!(fault, ImportFault::Malformed(_)), "{fault:?}");
    refused(with(laughs, "&lol2;<"));
    refused(with("<!DOCTYPE KeyContainer SYSTEM \"file:///etc/passwd\">", "Issuer<"));
    refused(with("", "&lol;<"));
    refused(with("", &format!("{}{}<", "<a>".repeat(30), "</a>".repeat(30))));
    refused(with("", &format!("{}<", "<a/>".repeat(501))));
    let many: String = (0..40).map(|n| format!(" a{n}=\"\"")).collect();
    refused(with("", &format!("<b{many}/><")));
    refused(with("", "<x:b/><"));
    refused(with("", "<b a=\"&lol;\"/><"));
}

#[test]
fn a_document_that_is_cut_or_goes_on_is_refused() {
    for cut in (60..FIGURE_3.len() - 16).step_by(7) {
        let fault = fault(&FIGURE_3[..cut]);
        assert!(matches!(fault, ImportFault::Malformed(_)), "{cut}: {fault:?}");
    }
    assert!(matches!(fault(&format!("{FIGURE_3}<more/>")), ImportFault::Malformed(_)));
    assert!(matches!(fault(&format!("{FIGURE_3}more")), ImportFault::Malformed(_)));
    assert!(matches!(fault(&FIGURE_3.replace("Version=\"1.0\"\n", "Version=\"2.0\"\n")), ImportFault::Malformed(_)));
    let empty = "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"/>";
    assert_eq!(fault(empty), ImportFault::Malformed("there is no token in it".into()));
}

#[test]
fn xml_of_another_kind_is_no_file_of_tokens() {
    for file in ["<html></html>", "<KeyContainer Version=\"1.0\"/>", &FIGURE_3.replace("pskc\">", "pskc:1.0\">")] {
        assert_eq!(fault(file), ImportFault::UnknownFormat, "{file}");
    }
}

#[test]
fn a_csv_is_read_with_a_header_or_without_one() {
    let header = "serial,secret,type,digits,period,hash\r\n";
    let lines = format!("A-1,{SECRET_HEX},hotp,6,4\r\nA-2,{SECRET_BASE32},totp,8,60,sha256\r\n");
    for (file, first) in [(format!("{header}{lines}"), 2), (format!("\u{feff}{lines}"), 1)] {
        let rows = rows(&file);
        let places: Vec<u32> = rows.iter().map(|row| row.place).collect();
        assert_eq!(places, [first, first + 1]);
        let (token, kept) = good(&rows[0]);
        assert_eq!((token.serial.as_str(), token.template.length, kept.last), ("A-1", 6, Some(3)));
        assert_eq!((kept.secret(), token.template.synchronization), (SECRET, Event { look_ahead: 3 }));
        let (token, kept) = good(&rows[1]);
        assert_eq!((token.template.hash, token.template.length), (HashAlgorithm::Sha256, 8));
        assert_eq!((kept.secret(), token.template.synchronization), (SECRET, Time { step: 60 }));
    }
}

#[test]
fn a_csv_may_have_comments_empty_lines_quotes_and_small_letters() {
    let small = SECRET_BASE32.to_ascii_lowercase();
    let file = format!(
        "# batch 7\n\n\"A-1\", \"{SECRET_HEX}\", HOTP, 6, 0\n\n A-2 ,{small}====,TOTP,6,\nA-3,{small},hotp,6\n"
    );
    let rows = rows(&file);
    let places: Vec<u32> = rows.iter().map(|row| row.place).collect();
    assert_eq!(places, [3, 5, 6]);
    assert_eq!(good(&rows[0]).1.last, None);
    assert_eq!(good(&rows[1]).0.template.synchronization, Time { step: 30 });
    assert!(rows.iter().all(|row| good(row).1.secret() == SECRET));
}

#[test]
fn a_bad_line_spoils_no_other_and_says_why() {
    for (line, why) in [
        ("A-1", "It has fewer than four columns."),
        ("A-1,{},hotp,6,0,sha1,more", "It has more than six columns."),
        ("A-1,secret!,hotp,6,0", "Its secret is neither hexadecimal nor base32."),
        ("A-1,,hotp,6,0", "Its secret is neither hexadecimal nor base32."),
        ("A-1,313233,hotp,6,0", "Its secret is neither hexadecimal nor base32."),
        ("A-1,GEZDGNBV,hotp,6,0", "Its secret has fewer than 16 bytes."),
        ("A-1,{},ocra,6,0", "Its type is neither hotp nor totp."),
        ("A-1,{},hotp,six,0", "Its number of digits is no number."),
        ("A-1,{},hotp,7,0", "Passcodes have 6 or 8 digits."),
        ("A-1,{},hotp,6,-1", "Its counter is no number."),
        ("A-1,{},totp,6,often", "Its period is no number."),
        ("A-1,{},totp,6,31", "A step has 30, 60, 90, 120, 180, 240 or 300 seconds."),
        ("A-1,{},totp,6,30,md5", "Its hash is none of SHA-1, SHA-256 and SHA-512."),
        (",{},hotp,6,0", "It has no serial number."),
        ("=A1,{},hotp,6,0", "Its serial number is not of letters, digits and - . _ : / alone"),
    ] {
        let line = line.replace("{}", SECRET_HEX);
        let rows = rows(&format!("B-1,{SECRET_HEX},hotp,6,0\n{line}\nB-2,{SECRET_HEX},hotp,6,0\n"));
        assert!(rows[0].token.is_ok() && rows[2].token.is_ok());
        let sentence = rows[1].token.as_ref().unwrap_err();
        assert!(sentence.starts_with(why), "{line}: {sentence}");
    }
}

#[test]
fn no_secret_is_quoted_wherever_it_stands() {
    let longer = "5152".repeat(200);
    for line in [
        format!("{SECRET_HEX},A-1,hotp,6,0"),
        format!("A-1,{SECRET_HEX}?,hotp,6,0"),
        format!("A-1,hotp,{SECRET_HEX},6,0"),
        format!("A-1,hotp,6,{SECRET_HEX},0"),
        format!("A-1,{longer},hotp,6,0"),
        format!("A-1,{SECRET_HEX},{SECRET_HEX},6,0"),
    ] {
        let shown = format!("{:?}", rows(&line));
        assert!(!shown.contains("3132") && !shown.contains("5152"), "{shown}");
    }
    for file in [FIGURE_3.replace("</PlainValue>\n                </Secret>", ""), FIGURE_3.replace("MTIz", "?TIz")] {
        let shown = format!("{:?}", read(file.as_bytes(), None));
        assert!(!shown.contains("NDU2"), "{shown}");
    }
}

#[test]
fn columns_in_another_order_are_an_error_of_the_whole_file() {
    for header in ["secret,serial,type,digits,period", "upn,serial number,secret key,time interval,manufacturer,model"]
    {
        let fault = fault(&format!("{header}\nA-1,{SECRET_HEX},hotp,6,0\n"));
        assert!(matches!(fault, ImportFault::Malformed(_)), "{header}: {fault:?}");
    }
}

#[test]
fn a_serial_number_that_stands_there_twice_is_taken_once() {
    let rows = rows(&format!("A-1,{SECRET_HEX},hotp,6,0\nA-2,{SECRET_HEX},hotp,6,0\nA-1,{SECRET_BASE32},totp,6,30\n"));
    assert!(rows[0].token.is_ok() && rows[1].token.is_ok());
    assert_eq!(rows[2].token.as_ref().unwrap_err(), "Its serial number stands in this file before, at 1.");
    let rows = self::rows(&format!("A-1,{SECRET_HEX},pin,6,0\nA-1,{SECRET_HEX},hotp,6,0\n"));
    assert!(rows[0].token.is_err() && rows[1].token.is_ok(), "what is no token stands in nobody's way");
}

#[test]
fn what_is_neither_is_said_to_be_neither() {
    for file in [&b""[..], b"\n\n", b"hello", b"a;b;c;d;e", b"\xff\xfea\0,\0", b"PK\x03\x04\x80"] {
        assert_eq!(read(file, None).unwrap_err(), ImportFault::UnknownFormat, "{file:?}");
    }
}

#[test]
fn a_file_has_a_greatest_size_and_a_greatest_number_of_tokens() {
    let most: String = (0..10_000).map(|n| format!("A{n},{SECRET_HEX},hotp,6,0\n")).collect();
    assert_eq!(rows(&most).len(), 10_000);
    assert!(matches!(fault(&format!("{most}A-1,{SECRET_HEX},hotp,6,0\n")), ImportFault::TooLarge(_)));
    assert!(matches!(read(&vec![b'#'; FILE_MAX + 1], None), Err(ImportFault::TooLarge(_))));
    let package = &FIGURE_3[FIGURE_3.find("<KeyPackage>").unwrap()..FIGURE_3.find("</KeyContainer>").unwrap()];
    let many = FIGURE_3.replace(package, &"<KeyPackage/>".repeat(10_001));
    assert!(matches!(fault(&many), ImportFault::TooLarge(_)));
}

#[test]
fn what_is_imported_is_what_the_plugin_keeps() {
    let rows = rows(FIGURE_3);
    let token = rows[0].token.as_ref().unwrap();
    let read: Result<Kept, PluginError> = Kept::read(&token.opened);
    assert!(read.is_ok());
    assert!(!format!("{token:?}").contains(SECRET_BASE32), "it never prints");
}
