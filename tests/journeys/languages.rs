//! In the reader's language: by what the browser says, by choice, on every page, in the mail, and without losing the place.

use crate::world::{Gateway, Page, Stage, Visitor, exchange, wrong};

/// The languages with a few words of each: the password's page, W2, the wrong code, W3, W5 for the iPhone, W8, the mail.
const LANGUAGES: [(&str, &str, [&str; 7]); 11] = [
    (
        "en",
        "ltr",
        [
            "Enter your password",
            "Check your email",
            "That code isn’t right.",
            "Where do you want to install it?",
            "Set up your iPhone or iPad",
            "Your authenticator is ready",
            "Your verification code",
        ],
    ),
    (
        "de",
        "ltr",
        [
            "Passwort eingeben",
            "Prüfen Sie Ihre E-Mails",
            "Dieser Code ist nicht richtig.",
            "Wo möchten Sie ihn installieren?",
            "iPhone oder iPad einrichten",
            "Ihr Authenticator ist bereit",
            "Ihr Bestätigungscode",
        ],
    ),
    (
        "fr",
        "ltr",
        [
            "Saisissez votre mot de passe",
            "Consultez vos e-mails",
            "Ce code n’est pas le bon.",
            "Où voulez-vous l’installer",
            "Configurez votre iPhone ou iPad",
            "Votre authentificateur est prêt",
            "Votre code de vérification",
        ],
    ),
    (
        "es",
        "ltr",
        [
            "Introduzca su contraseña",
            "Revise su correo",
            "Ese código no es correcto.",
            "¿Dónde quiere instalarlo?",
            "Configure su iPhone o iPad",
            "Su autenticador está listo",
            "Su código de verificación",
        ],
    ),
    (
        "ja",
        "ltr",
        [
            "パスワードを入力してください",
            "メールを確認してください",
            "コードが正しくありません。",
            "どこにインストールしますか？",
            "iPhone または iPad の設定",
            "認証アプリの準備ができました",
            "確認コード",
        ],
    ),
    (
        "it",
        "ltr",
        [
            "Inserisca la password",
            "Controlli la posta",
            "Il codice non è corretto.",
            "Dove vuole installarlo?",
            "Configuri il Suo iPhone o iPad",
            "Il Suo autenticatore è pronto",
            "Il Suo codice di verifica",
        ],
    ),
    (
        "pt-BR",
        "ltr",
        [
            "Digite sua senha",
            "Verifique seu e-mail",
            "Código incorreto.",
            "Onde você quer instalar?",
            "Configure seu iPhone ou iPad",
            "Seu autenticador está pronto",
            "Seu código de verificação",
        ],
    ),
    (
        "nl",
        "ltr",
        [
            "Voer uw wachtwoord in",
            "Controleer uw e-mail",
            "Die code is niet juist.",
            "Waar wilt u hem installeren?",
            "Uw iPhone of iPad instellen",
            "Uw authenticator is klaar",
            "Uw verificatiecode",
        ],
    ),
    (
        "pl",
        "ltr",
        [
            "Wpisz hasło",
            "Sprawdź pocztę e-mail",
            "Ten kod jest nieprawidłowy.",
            "Gdzie go zainstalować?",
            "Skonfiguruj iPhone’a lub iPada",
            "Uwierzytelniacz jest gotowy",
            "Kod weryfikacyjny",
        ],
    ),
    (
        "zh-Hans",
        "ltr",
        [
            "输入密码",
            "请查收邮件",
            "验证码不正确。",
            "您想把它安装在哪里？",
            "设置您的 iPhone 或 iPad",
            "您的身份验证器已就绪",
            "验证码",
        ],
    ),
    (
        "ar",
        "rtl",
        [
            "أدخِل كلمة المرور",
            "تحقّق من بريدك الإلكتروني",
            "هذا الرمز غير صحيح.",
            "أين تريد تثبيته؟",
            "إعداد iPhone أو iPad",
            "تطبيق المصادقة جاهز",
            "رمز التحقّق الخاص بك",
        ],
    ),
];

/// Fails unless the page is in this language, and says so in each place.
#[track_caller]
fn in_language(page: &Page, tag: &str, dir: &str) {
    let html = page.html();
    assert!(
        html.contains(&format!("<html lang=\"{tag}\" dir=\"{dir}\">")),
        "not in {tag} at {}: {}",
        page.url,
        page.words()
    );
    assert_eq!(page.answer.header("content-language"), Some(tag));
    // The selector: each language in its own words, marked as such, and the one in force chosen.
    for (other, name) in [
        ("en", "English"),
        ("de", "Deutsch"),
        ("fr", "Français"),
        ("es", "Español"),
        ("it", "Italiano"),
        ("pt-BR", "Português (Brasil)"),
        ("nl", "Nederlands"),
        ("pl", "Polski"),
        ("ja", "日本語"),
        ("zh-Hans", "简体中文"),
        ("ar", "العربية"),
    ] {
        let option = html
            .split("<option ")
            .skip(1)
            .find(|option| option.starts_with(&format!("value=\"{other}\"")))
            .expect(other);
        let option = option.split("</option>").next().unwrap();
        assert!(option.contains(&format!("lang=\"{other}\"")) && option.ends_with(name), "{option}");
        assert_eq!(option.contains(" selected"), other == tag, "{option}");
    }
}

#[test]
fn the_browsers_language_is_spoken_on_every_page_and_in_the_mail() {
    // A user is sent five codes an hour, so one gateway is too few for all languages.
    for some in LANGUAGES.chunks(6) {
        speaks(&Gateway::demo(), some);
    }
}

fn speaks(gateway: &Gateway, languages: &[(&str, &str, [&str; 7])]) {
    for (index, (tag, dir, [password, check, not_right, kind, install, ready, mail])) in languages.iter().enumerate() {
        // Each as browsers send it, with others that are wanted less.
        let header = format!("{tag}-XX,{tag};q=0.9,en;q=0.5,de;q=0.1");
        let mut visitor = Visitor::speaking(gateway.port, &header);
        let user = if index < 3 { "alice" } else { "bob" };
        let page = visitor.get(&gateway.url("wiki", "/"));
        in_language(&page, tag, dir);
        let page = visitor.submit(&page, "username", &[("username", user)]);
        in_language(&page, tag, dir);
        page.says(password);
        let page = visitor.submit(&page, "password", &[("password", &gateway.password(user))]);
        in_language(&page, tag, dir);
        let before = gateway.mails().len();
        let page = visitor.press(&page, "add_authenticator");
        in_language(&page, tag, dir);
        page.says(check);
        let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while gateway.mails().len() == before {
            assert!(std::time::Instant::now() < end, "a mail in {tag}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let letter = gateway.mails().remove(0);
        assert!(letter.subject.contains(mail) && letter.text.contains(mail), "{}: {}", letter.subject, letter.text);
        assert!(letter.html.contains(&format!("<html lang=\"{tag}\" dir=\"{dir}\">")), "{}", letter.html);
        let page = visitor.type_code(&page, &wrong(&letter.code(), 1));
        in_language(&page, tag, dir);
        page.says(not_right);
        let page = visitor.type_code(&page, &letter.code());
        in_language(&page, tag, dir);
        page.says(kind);
        let page = visitor.choose_ios(&page);
        in_language(&page, tag, dir);
        page.says(install);
        let page = visitor.press(&page, "continue");
        in_language(&page, tag, dir);
        page.says(ready);
        let lost = visitor.get(&gateway.url("login", "/no-such-page"));
        assert_eq!(lost.status(), 404);
        in_language(&lost, tag, dir);
        let page = visitor.post_elsewhere(&page, "/signin/cancel", &[]);
        in_language(&page, tag, dir);
    }
}

/// EN-10.
#[test]
fn what_a_browser_wants_is_weighed_and_nonsense_is_english() {
    let gateway = Gateway::demo();
    let long = format!("{}de", "xx,".repeat(3_500));
    for (wanted, tag) in [
        ("fr-CA,fr;q=0.9,en;q=0.5", "fr"),
        ("de-CH", "de"),
        ("sv, es;q=0.8, de;q=0.9", "de"),
        ("en;q=0.1, ja;q=0.2", "ja"),
        ("ar-EG", "ar"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("pt-PT", "pt-BR"),
        ("zh-CN", "zh-Hans"),
        ("zh-TW", "en"),
        ("*", "en"),
        ("", "en"),
        ("../../etc/passwd", "en"),
        ("en;q=9e999", "en"),
        ("<script>alert(1)</script>", "en"),
        ("de;q=x", "en"),
        (";;;,,,", "en"),
        (&long, "en"),
    ] {
        let page = Visitor::speaking(gateway.port, wanted).get(&gateway.url("login", "/signin"));
        assert_eq!(page.status(), 200, "{wanted:.40}");
        in_language(&page, tag, if tag == "ar" { "rtl" } else { "ltr" });
        page.says_not("alert(1)");
    }
}

/// Chooses a language on a page.
fn choose(visitor: &mut Visitor, page: &Page, tag: &str) -> Page {
    visitor.submit(page, "language", &[("language", tag)])
}

#[test]
fn a_choice_beats_the_browser_and_keeps_step_and_secret() {
    let gateway = Gateway::demo();
    let mut alice = Visitor::speaking(gateway.port, "fr");
    let page = alice.get(&gateway.url("wiki", "/page?x=1"));
    in_language(&page, "fr", "ltr");
    // The page asked for is not lost by it.
    let page = choose(&mut alice, &page, "ar");
    page.is_at(Stage::Name);
    in_language(&page, "ar", "rtl");
    let page = alice.submit(&page, "username", &[("username", "alice")]);
    let page = choose(&mut alice, &page, "ja");
    page.is_at(Stage::Password);
    in_language(&page, "ja", "ltr");
    let page = alice.submit(&page, "password", &[("password", &gateway.password("alice"))]);
    let page = choose(&mut alice, &page, "de");
    page.is_at(Stage::Offer);
    let page = alice.press(&page, "add_authenticator");
    let letter = gateway.mail_to("alice@example.test");
    assert!(letter.subject.contains("Ihr Bestätigungscode"), "{}", letter.subject);
    // The tries left are still told, and no second mail is sent.
    let page = alice.type_code(&page, &wrong(&letter.code(), 1));
    let page = choose(&mut alice, &page, "es");
    page.is_at(Stage::Code);
    in_language(&page, "es", "ltr");
    page.says("Quedan 4 intentos.");
    assert_eq!(gateway.mails().len(), 1);
    let page = alice.type_code(&page, &letter.code());
    let page = choose(&mut alice, &page, "en");
    page.is_at(Stage::Kind);
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    let mut page = page;
    for (tag, dir, [_, _, _, _, install, _, _]) in LANGUAGES {
        page = choose(&mut alice, &page, tag);
        in_language(&page, tag, dir);
        page.says(install);
        assert_eq!(page.secret().as_ref(), Some(&phone.secret), "{tag}");
    }
    let page = alice.press(&page, "continue");
    let page = choose(&mut alice, &page, "de");
    page.is_at(Stage::Passcode);
    let page = alice.type_passcode(&page, &phone.passcode());
    assert_eq!(page.url, gateway.url("wiki", "/page?x=1"));
    // It is remembered for a year, here and after the browser was closed.
    alice.jar.values_mut().for_each(|jar| jar.retain(|name, _| name.contains("lang")));
    in_language(&alice.get(&gateway.url("wiki", "/")), "de", "ltr");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(15);
    let notice = loop {
        if let Some(notice) = gateway.mails().into_iter().find(|mail| mail.text.contains("/notice/")) {
            break notice;
        }
        assert!(std::time::Instant::now() < end, "a notice is sent");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    assert!(notice.html.contains("<html lang=\"de\""), "{}", notice.html);
}

#[test]
fn only_a_language_of_ours_is_chosen_and_only_from_our_pages() {
    let gateway = Gateway::demo();
    let mut visitor = gateway.visitor();
    let page = visitor.get(&gateway.url("login", "/signin"));
    let form = page.form("language");
    let answer = visitor.post_once(&page, &form, &[("language", "de")]);
    assert_eq!(answer.status, 303);
    let cookie = answer.header("set-cookie").expect("the choice is remembered").to_owned();
    assert!(cookie.contains("=de") && cookie.contains("Max-Age=31536000"), "{cookie}");
    for hostile in ["xx", "../de", "<script>", "de\r\nSet-Cookie: a=b", ""] {
        let answer = visitor.post_once(&page, &form, &[("language", hostile)]);
        assert!(answer.header("set-cookie").is_none(), "{hostile:?}");
        in_language(&visitor.get(&gateway.url("login", "/signin")), "de", "ltr");
    }
    for elsewhere in ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"] {
        let answer = visitor.post_once(&page, &form, &[("language", "de"), ("back", elsewhere)]);
        assert_eq!(answer.header("location"), Some("/"), "{elsewhere}");
    }
    let host = format!("login.localhost:{}", gateway.port);
    let headers = [("Origin", "https://evil.test"), ("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(exchange(gateway.port, "POST", &host, "/language", &headers, b"language=fr").status, 403);
    // GET changes nothing.
    let looked = visitor.once("GET", &gateway.url("login", "/language?language=fr"), &[], None);
    assert!(looked.status == 405 && looked.header("set-cookie").is_none());
    // On an application's host too, where our pages are: a page about a refusal.
    let mut stranger = Visitor::speaking(gateway.port, "ja");
    let wrong_form = stranger.get(&gateway.url("wiki", "/.doorward/none"));
    assert_eq!(wrong_form.status(), 404);
    in_language(&wrong_form, "ja", "ltr");
    let back = stranger.submit(&wrong_form, "language", &[("language", "ar")]);
    assert_eq!(back.url, gateway.url("wiki", "/.doorward/none"));
    in_language(&back, "ar", "rtl");
}
