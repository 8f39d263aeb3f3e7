//! An installation with applications and policies of the test's own.

use super::form::{Form, forms};
use super::served::{Database, Installation};
use super::visitor::{Page, Visitor};
use super::{Answer, Gateway};

/// Applications by key, upstream's port and further lines of their table; users with a password only.
pub fn site(policies: &str, apps: &[(&str, u16, &str)], users: &[&str]) -> Installation {
    let mut installation = Installation::new(Database::Sqlite);
    let folder = installation.path("policies");
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("site.cedar"), policies).unwrap();
    installation.upstreams = apps.iter().map(|(app, port, _)| ((*app).to_owned(), *port)).collect();
    installation.options = apps.iter().map(|(app, _, lines)| ((*app).to_owned(), (*lines).to_owned())).collect();
    for user in users {
        installation.add_user(user, None, &["staff"]);
    }
    installation
}

impl Visitor {
    /// From a page that asks for a password and nothing more to that page.
    pub fn with_password(&mut self, gateway: &Gateway, user: &str, url: &str) -> Page {
        let page = self.up_to_the_password(user, url);
        let page = self.submit(&page, "password", &[("password", &gateway.password(user))]);
        assert_eq!((page.status(), page.url.as_str()), (200, url), "{}", page.words());
        page
    }

    /// As far as the page that asks for the password.
    pub fn up_to_the_password(&mut self, user: &str, url: &str) -> Page {
        let page = self.get(url);
        self.submit(&page, "username", &[("username", user)])
    }

    /// Presses "Sign out" on the portal's start page.
    pub fn sign_out(&mut self, portal: &str) -> Answer {
        let page = self.get(portal);
        self.post_once(&page, &page.form_to("/signout"), &[])
    }

    /// A cookie's value; empty when there is none.
    pub fn cookie(&self, host: &str, name: &str) -> String {
        self.jar.get(host).and_then(|jar| jar.get(name)).cloned().unwrap_or_default()
    }
}

impl Page {
    /// The form that is sent there.
    pub fn form_to(&self, action: &str) -> Form {
        let form = forms(&self.html()).into_iter().find(|form| form.action == action);
        form.unwrap_or_else(|| panic!("no form to {action} at {}: {}", self.url, self.words()))
    }
}
