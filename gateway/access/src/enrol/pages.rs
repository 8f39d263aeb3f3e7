//! W5 and W6 for an authenticator of our own: how its app comes onto the device, and how far its activation is.

use doorward_api::credential::Credential;
use doorward_api::device::{ActivationFailure, ActivationStage, Device};
use doorward_api::plugin::OfferView;
use doorward_api::screen::InstallLink;
use doorward_api::settings::{SelfProvisioning, WindowsLink};
use doorward_api::{Flow, ScreenPage, Secret, StoreError, Target, User};
use doorward_tokens::targets::is_here;

use crate::settings::setting;
use crate::signin::{Desk, DeskError};
use crate::site::AuthenticatorSite;
use crate::visit::Visit;

/// Where the app is, on its origin: whoever opens it there can install it.
const INSTALL_PAGE: &str = "/a/";

impl Desk {
    /// The page of a token that is issued and that its device has not put in use. `None` where the token is not of a
    /// kind of our own, or its origin is gone.
    pub(crate) async fn activation_page(
        &self,
        visit: &Visit,
        flow: &Flow,
        user: &User,
        token: &Credential,
        target: Target,
    ) -> Result<Option<ScreenPage>, DeskError> {
        let Some(kind) = self.kind_of(&visit.vs, token).filter(|kind| kind.device().is_some()) else {
            return Ok(None);
        };
        // What others have made is in the stores by its name, and is told of no server.
        let site = visit.vs.authenticator.as_ref().filter(|_| !kind.device().is_some_and(Device::at_portal));
        let install = match site {
            Some(site) => self.install_link(visit, site, target).await?,
            None => InstallLink::None,
        };
        let request = self.offer_request(visit, kind, user, &token.id, &token.template, target);
        let OfferView::Activation { link, code, stage } = kind.show(&token.opened, &request)? else { return Ok(None) };
        let data = &flow.data;
        let valid_until = data.issue_expires_at.unwrap_or(visit.now);
        // Whoever is setting the device up needs the code no more, and is not told that it is over.
        let under_way = matches!(stage, ActivationStage::SettingUp { .. } | ActivationStage::Active { .. });
        let expired = valid_until <= visit.now && !under_way;
        let shown = stage == ActivationStage::Waiting && !expired;
        let same_device = is_here(&visit.user_agent, target);
        Ok(Some(ScreenPage::Activate {
            target,
            app: token.plugin.clone(),
            install,
            install_first: site.is_some() && target == Target::Android && !data.app_installed && shown,
            same_device,
            link: if shown { link } else { Secret::default() },
            code: if shown { code } else { Secret::default() },
            server: site.map(server).unwrap_or_default().to_owned(),
            account: user.name.clone(),
            valid_until,
            expired,
            allowed: self.allowed_instead(visit, token, &stage).await?,
            others: match stage {
                ActivationStage::Waiting | ActivationStage::Failed(_) => {
                    self.other_kinds(visit, flow, token, target).await?
                }
                _ => Vec::new(),
            },
            stage,
        }))
    }

    /// On what the app may be, where it was tried on something else.
    async fn allowed_instead(
        &self,
        visit: &Visit,
        token: &Credential,
        stage: &ActivationStage,
    ) -> Result<Vec<Target>, StoreError> {
        if *stage != ActivationStage::Failed(ActivationFailure::TargetNotAllowed) {
            return Ok(Vec::new());
        }
        let choices = self.choices(visit, Some(&token.template)).await?;
        Ok(choices.map(|choices| choices.allowed().to_vec()).unwrap_or_default())
    }

    async fn install_link(
        &self,
        visit: &Visit,
        site: &AuthenticatorSite,
        target: Target,
    ) -> Result<InstallLink, StoreError> {
        let settings = setting::<SelfProvisioning>(self.ports.settings.as_ref(), &visit.vs.id).await?.document;
        Ok(link_of(&settings, site, target))
    }
}

/// How the app comes onto a platform (R21..R23, R43..R46). Where it is in no store, the install page stands in
/// (decision B16).
fn link_of(settings: &SelfProvisioning, site: &AuthenticatorSite, target: Target) -> InstallLink {
    let store = match (target, settings.windows_link) {
        (Target::WindowsDesktop, WindowsLink::None) => return InstallLink::None,
        (Target::WindowsDesktop, WindowsLink::Installer) => {
            return settings.installer_url.clone().map_or(InstallLink::None, InstallLink::Installer);
        }
        (Target::WindowsDesktop | Target::WindowsMobile, _) => &settings.microsoft_store_url,
        (Target::Ios, _) => &settings.app_store_url,
        (Target::Android, _) => &settings.google_play_url,
    };
    let page = || InstallLink::Page(format!("{}{INSTALL_PAGE}", site.origin));
    store.clone().map_or_else(page, InstallLink::Store)
}

/// What is typed as the server: its host, with the port where it has one of its own.
fn server(site: &AuthenticatorSite) -> &str {
    site.origin.split_once("://").map_or(site.host.as_str(), |(_, authority)| authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> AuthenticatorSite {
        AuthenticatorSite {
            host: "authenticator.localhost".into(),
            origin: "http://authenticator.localhost:8080".into(),
        }
    }

    fn in_stores(windows_link: WindowsLink) -> SelfProvisioning {
        SelfProvisioning {
            windows_link,
            microsoft_store_url: Some("https://microsoft.test/app".into()),
            app_store_url: Some("https://apple.test/app".into()),
            google_play_url: Some("https://google.test/app".into()),
            ..SelfProvisioning::for_new_virtual_server()
        }
    }

    #[test]
    fn an_app_that_is_in_no_store_is_installed_from_its_own_page() {
        let none = SelfProvisioning::for_new_virtual_server();
        for target in Target::ALL {
            let page = InstallLink::Page("http://authenticator.localhost:8080/a/".into());
            assert_eq!(link_of(&none, &site(), target), page, "{target:?}");
        }
        assert_eq!(server(&site()), "authenticator.localhost:8080");
    }

    #[test]
    fn each_platform_has_a_store_of_its_own() {
        let settings = in_stores(WindowsLink::Store);
        for (target, store) in [
            (Target::Ios, "https://apple.test/app"),
            (Target::Android, "https://google.test/app"),
            (Target::WindowsDesktop, "https://microsoft.test/app"),
            (Target::WindowsMobile, "https://microsoft.test/app"),
        ] {
            assert_eq!(link_of(&settings, &site(), target), InstallLink::Store(store.into()), "{target:?}");
        }
    }

    #[test]
    fn what_is_shown_on_a_windows_computer_is_for_operators_to_say() {
        let none = in_stores(WindowsLink::None);
        assert_eq!(link_of(&none, &site(), Target::WindowsDesktop), InstallLink::None, "R44");
        assert!(matches!(link_of(&none, &site(), Target::Ios), InstallLink::Store(_)), "and for no other platform");
        let url = "https://example.org/a.exe";
        let installer = SelfProvisioning { installer_url: Some(url.into()), ..in_stores(WindowsLink::Installer) };
        assert_eq!(link_of(&installer, &site(), Target::WindowsDesktop), InstallLink::Installer(url.into()), "R46");
    }
}
