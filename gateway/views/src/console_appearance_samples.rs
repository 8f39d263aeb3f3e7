//! One of each page of the appearance, with all that may be on it, and bare.

use doorward_api::Timestamp;
use doorward_api::language::{ENGLISH, LANGUAGES, Language};

use crate::Wording;
use crate::console::{ChangeRow, ChangedField, Choice, Fault, Field, ProofFields, Said, Section, SettingPage, Told};
use crate::console_appearance::{
    AppearanceSection, AppearanceTask, LogoBox, OwnWords, WordLine, WordsCount, WordsPage,
};
use crate::console_records::{Crumb, Parts, TaskLink, TaskPage};

/// 2026-11-24T14:32:05Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_530_725_000);

const PATH: &str = "/settings/appearance";
const WORDS: &str = "/settings/appearance/words";

const ARABIC: Language = Language { tag: "ar", name: "العربية", dir: "rtl" };

/// The page itself, by a name.
pub(crate) fn appearance_pages() -> Vec<(&'static str, SettingPage)> {
    vec![
        ("appearance", SettingPage { may_edit: true, notice: Some(Told::new("console-saved")), ..page(&set()) }),
        ("appearance-bare", SettingPage { log: Vec::new(), ..page(&Look::default()) }),
        ("appearance-edit", editing()),
    ]
}

/// The forms besides, by a name.
pub(crate) fn appearance_tasks() -> Vec<(&'static str, TaskPage)> {
    let page = |task: AppearanceTask, text: Told| TaskPage {
        crumbs: vec![Crumb { said: Said::words("console-page-appearance"), path: PATH.into() }],
        key: task.key().into(),
        texts: vec![text],
        hidden: vec![("seen".into(), "4".into())],
        action: format!("{PATH}/logo"),
        cancel: PATH.into(),
        danger: task != AppearanceTask::Logo,
        upload: task == AppearanceTask::Logo,
        ..TaskPage::default()
    };
    let plain = |task: AppearanceTask| page(task, Told::new(task.text()));
    let logo = TaskPage { fields: vec![named("logo", "file")], ..plain(AppearanceTask::Logo) };
    let reset = AppearanceTask::WordsReset;
    vec![
        ("logo-new", logo.with_faults(vec![Fault::plain(Some("logo"), "rule-picture")])),
        ("logo-remove", plain(AppearanceTask::LogoRemove)),
        ("words-reset", page(reset, Told::new(reset.text()).about("Deutsch"))),
    ]
}

/// The pages of words, by a name.
pub(crate) fn words_pages() -> Vec<(&'static str, WordsPage)> {
    let wrong = vec![Fault::plain(Some("texts.ar.w2-title"), "rule-too-long").with("max", 500)];
    let conflict = WordsPage { conflict: vec![change()], ..words(ARABIC) };
    let none = WordsPage { find: "<b>".into(), of: ENGLISH, ..WordsPage::default() };
    vec![
        ("words", WordsPage { notice: Some(Told::new("console-saved")), ..words(ENGLISH) }),
        ("words-wrong", conflict.with_faults(wrong)),
        ("words-read", WordsPage { may_edit: false, tasks: Vec::new(), ..words(ENGLISH) }),
        ("words-none-found", none),
    ]
}

/// What is set.
#[derive(Default)]
struct Look {
    name: &'static str,
    accent: &'static str,
    picture: Option<String>,
    support: &'static str,
    url: &'static str,
    ticked: Vec<String>,
    default: &'static str,
    counts: Vec<WordsCount>,
}

fn set() -> Look {
    Look {
        name: "<b>Example</b>",
        accent: "#2447b5",
        picture: Some(format!("{PATH}/logo.picture?v=4")),
        support: "<b>Help desk</b>, 555 0100",
        url: "https://help.example.test/",
        ticked: vec!["de".into(), "ar".into()],
        default: "de",
        counts: vec![WordsCount { language: Said::language("ar"), count: 2 }],
    }
}

fn named(name: &str, kind: &'static str) -> Field {
    let label = format!("console-field-{name}");
    Field { name: name.into(), hint: Some(format!("{label}-hint")), label, kind, ..Field::default() }
}

fn text(name: &str, kind: &'static str, value: &str) -> Field {
    Field { value: value.into(), said: Some(Said::text(value)), ..named(name, kind) }.coloured()
}

fn sections(look: &Look) -> Vec<Section> {
    let choice = |language: Language| Choice { value: language.tag.into(), said: Said::Language(language), hint: None };
    let languages = LANGUAGES.map(choice).to_vec();
    let none = Choice { value: String::new(), said: Said::Nothing, hint: None };
    let section = |of: AppearanceSection, fields: Vec<Field>| Section { fields, ..of.section() };
    let task = |name: &str, task: AppearanceTask| TaskLink {
        path: format!("{PATH}/{name}"),
        key: task.key().into(),
        danger: task == AppearanceTask::LogoRemove,
    };
    let tasks = vec![task("logo", AppearanceTask::Logo), task("logo-remove", AppearanceTask::LogoRemove)];
    let default = Field {
        choices: [none].into_iter().chain(languages.clone()).collect(),
        said: Some(Said::language(look.default)),
        ..text("default_language", "select", look.default)
    };
    let offered = Field { choices: languages, ticked: look.ticked.clone(), ..named("languages", "checks") };
    vec![
        section(
            AppearanceSection::Look,
            vec![text("product_name", "text", look.name), text("accent", "colour", look.accent)],
        ),
        Section {
            logo: Some(LogoBox { picture: look.picture.clone(), tasks }),
            ..section(AppearanceSection::Logo, Vec::new())
        },
        section(
            AppearanceSection::Help,
            vec![text("support", "text", look.support), text("support_url", "text", look.url)],
        ),
        section(AppearanceSection::Languages, vec![offered, default]),
        Section {
            own_words: Some(OwnWords { counts: look.counts.clone(), link: WORDS.into() }),
            ..section(AppearanceSection::Words, Vec::new())
        },
    ]
}

fn page(look: &Look) -> SettingPage {
    SettingPage {
        name: "appearance".into(),
        path: PATH.into(),
        crumbs: vec!["console-menu-access".into(), "console-menu-settings".into()],
        seen: 4,
        sections: sections(look),
        log: vec![change()],
        ..SettingPage::default()
    }
}

fn editing() -> SettingPage {
    let mut page = SettingPage { editing: true, may_edit: true, conflict: vec![change()], ..page(&set()) };
    page.sections.retain(|section| section.logo.is_none() && section.own_words.is_none());
    let fault = Fault::plain(Some("accent"), "rule-contrast");
    for field in page.sections.iter_mut().flat_map(|section| &mut section.fields).filter(|field| field.name == "accent")
    {
        *field = Field { fault: Some(fault.clone()), ..text("accent", "colour", "<b>") };
    }
    SettingPage { faults: vec![fault], proof: ProofFields { asked: true, fault: None }, ..page }
}

fn change() -> ChangeRow {
    let of = vec![Said::Language(ARABIC), Said::text("start-title")];
    let label = vec!["console-field-texts".to_owned()];
    let words = ChangedField { of, label, old: Said::Nothing, new: Said::text("<b>") };
    let label = vec!["console-field-accent".to_owned()];
    let accent = ChangedField { of: Vec::new(), label, old: Said::Nothing, new: Said::text("#2447b5") };
    ChangeRow { at: NOW, operator: "olga".into(), fields: vec![words, accent] }
}

fn words(of: Language) -> WordsPage {
    let line = |name: &str, text: &str, own: &str| {
        let variables = if text.contains('$') { vec!["$tries".to_owned()] } else { Vec::new() };
        let ours = Wording { name: name.into(), text: text.into(), variables };
        WordLine::new(&ours, (!own.is_empty()).then_some(own), None)
    };
    WordsPage {
        path: WORDS.into(),
        back: PATH.into(),
        of,
        find: "<b>".into(),
        only_own: true,
        may_edit: true,
        seen: 4,
        lines: vec![
            line("start-title", "Your applications", "<b>Our tools</b>"),
            line("w2-title", "Check your email", ""),
            line("notice-wrong", "{ $tries ->\n    [one] One try left.\n   *[other] { $tries } tries left.\n}", "<b>"),
        ],
        parts: Parts { first: Some(WORDS.into()), next: Some(format!("{WORDS}?after=x")) },
        hidden: vec![("language".into(), of.tag.into()), ("q".into(), "<b>".into()), ("own".into(), "on".into())],
        tasks: vec![TaskLink {
            path: format!("{WORDS}/reset?language={}", of.tag),
            key: AppearanceTask::WordsReset.key().into(),
            danger: true,
        }],
        proof: ProofFields { asked: true, fault: None },
        ..WordsPage::default()
    }
}
