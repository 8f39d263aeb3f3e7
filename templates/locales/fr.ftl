# Les textes des pages et des e-mails en français.

## Le cadre de chaque page
title-error = Erreur
title-step = Étape { $step }
progress-step = Étape { $step } sur { $of }
frame-language = Langue
frame-language-change = Changer
frame-help = Aide et assistance
frame-cancel = Annuler et se déconnecter
frame-signed-in = Connecté en tant que { $name }
frame-continue = Continuer
frame-back = Retour
frame-finish-by = Veuillez terminer avant { $time }.
contact = Contacter le centre d’assistance

## W0 : nom d’utilisateur, mot de passe
signin-submit = Se connecter
signin-as = Connexion en tant que { $name }
signin-switch = Changer d’utilisateur
name-title = Se connecter à { $app }
name-title-portal = Se connecter
name-label = Nom d’utilisateur
name-remember = Mémoriser mon nom d’utilisateur sur cet appareil
name-remember-hint = À éviter sur un ordinateur que d’autres utilisent aussi.
password-title = Saisissez votre mot de passe
password-label = Mot de passe
password-show = Afficher
password-hide = Masquer

## Code à usage unique d’un authentificateur
passcode-title = Saisissez votre code à usage unique
passcode-text = Ouvrez votre application d’authentification et saisissez le code qu’elle affiche en ce moment.
passcode-label = Code à usage unique
passcode-hint = { $digits ->
    [one] { $digits } chiffre
   *[other] { $digits } chiffres
}
passcode-enrolment-hint = Vous attendez un e-mail d’inscription ? Consultez votre boîte de réception ou demandez de l’aide.
passcode-suspended-title = Votre authentificateur est suspendu
passcode-suspended = Il ne peut pas servir à vous connecter tant qu’il n’a pas été réactivé.

## W1 : il vous faut un authentificateur
need-title = Il vous faut un authentificateur
need-text = { $app } demande un code à usage unique. Vous n’avez pas encore d’authentificateur. L’installation prend environ trois minutes.
need-text-portal = Un code à usage unique est demandé ici. Vous n’avez pas encore d’authentificateur. L’installation prend environ trois minutes.
need-list = Il vous faut :
need-email = un accès à vos e-mails
need-device = un téléphone ou cet ordinateur
need-submit = Ajouter un authentificateur
need-mail = Nous enverrons un code à votre adresse e-mail.
need-mail-masked = Nous enverrons un code à votre adresse e-mail, { $address }.

## W2 : consultez vos e-mails
code-title = Consultez vos e-mails
code-title-failed = Nous n’avons pas pu vous envoyer de code
code-title-blocked = Impossible de continuer aujourd’hui
code-sent = Nous avons envoyé un code à votre adresse e-mail.
code-sent-masked = Nous avons envoyé un code à { $address }.
code-patience = Cela peut prendre une minute ; regardez aussi dans les courriers indésirables.
code-newest = Utilisez le message le plus récent, envoyé à { $time }.
code-valid-until = Son code est valable jusqu’à { $time }.
code-sending = Nous envoyons un code à votre adresse e-mail. Cette page vous dira quand il sera parti.
code-sending-masked = Nous envoyons un code à { $address }. Cette page vous dira quand il sera parti.
code-label = Code de vérification
code-resend = Envoyer un nouveau code
code-resend-wait = Vous pourrez demander un nouveau code dans { $time }.
code-resend-ready = Vous pouvez maintenant demander un nouveau code.
code-retry = Réessayer
code-no-access = Vous n’avez pas accès à cette adresse ?
code-ask-help = Il n’est pas possible de continuer ici sans code.

## W3, W4 : où l’installer
kind-title = Où voulez-vous l’installer ?
kind-text = Choisissez l’appareil que vous avez toujours sous la main quand vous vous connectez.
device-title = Quel appareil ?
choice-mobile = Sur un appareil mobile
choice-mobile-hint = iPhone, iPad ou Android
choice-ios = iPhone ou iPad
choice-ios-hint = iOS ou iPadOS
choice-android = Android
choice-android-hint = Téléphone ou tablette
choice-windows-mobile = Windows 10 Mobile
choice-windows-mobile-hint = Téléphone
choice-windows-desktop = Sur cet ordinateur
choice-windows-desktop-hint = Windows 10 ou version ultérieure
device-ios = iPhone ou iPad
device-android = appareil Android
device-windows-mobile = téléphone Windows 10 Mobile
device-windows-desktop = ordinateur Windows

## W5 : mettre la clé dans l’application
install-title-ios = Configurez votre iPhone ou iPad
install-title-android = Configurez votre appareil Android
install-title-windows-mobile = Configurez votre téléphone Windows
install-title-windows-desktop = Configurez cet ordinateur
install-app-ios = Installez une application d’authentification depuis l’App Store, par exemple Google Authenticator, Microsoft Authenticator, 2FAS ou FreeOTP. L’application Mots de passe fournie avec iOS convient aussi.
install-app-android = Installez une application d’authentification depuis Google Play, par exemple Google Authenticator, Microsoft Authenticator, Aegis ou 2FAS.
install-app-windows-mobile = Installez une application d’authentification depuis le Microsoft Store, par exemple Microsoft Authenticator.
install-app-windows-desktop = Installez une application d’authentification, par exemple KeePassXC, ou 2fast depuis le Microsoft Store.
install-add-mobile = Dans l’application, ajoutez un compte et visez le QR code avec l’appareil photo.
install-add-desktop = Dans l’application, ajoutez un compte (dans KeePassXC : configurez le TOTP d’une entrée) et collez la clé ci-dessous.
install-then = L’application affiche alors un code à six chiffres, un nouveau toutes les 30 secondes. Choisissez « Continuer » pour vous connecter avec ce code.
install-qr-alt = QR code. Si vous ne pouvez pas le scanner, utilisez le lien ou la clé de cette page.
install-open = Ouvrir dans l’application de cet appareil
install-open-hint = Si votre application d’authentification se trouve sur l’appareil où vous lisez cette page.
install-key = Impossible de scanner ? Saisissez ou collez cette clé :
install-copy = Copier
install-copied = La clé a été copiée.
install-copy-failed = La clé n’a pas pu être copiée. Sélectionnez-la et copiez-la vous-même.
install-account = Compte
install-issuer = Émetteur
install-type = Type
install-type-value = Basé sur l’heure, 6 chiffres, 30 secondes, SHA-1
install-valid-until = Code valable jusqu’à { $time }.
install-private = Ne le montrez à personne : celui qui l’a peut produire vos codes à usage unique.
install-new-code = Nouveau code
install-new-code-hint = Le code ci-dessus cessera de fonctionner. S’il est déjà dans une application, supprimez-y cette entrée.
install-expired = Ce code a expiré et n’est plus affiché. Demandez-en un nouveau. Si vous avez déjà ajouté l’ancien à une application, supprimez-y cette entrée.

## W7, W8 : prêt
ready-title = Votre authentificateur est prêt
ready-added = Ajouté : { $device }, { $time }
ready-sign-in = Connectez-vous avec lui
ready-text = Saisissez le code que votre authentificateur affiche en ce moment.
ready-back = Afficher de nouveau le code

## La fin d’une connexion
ended-cancelled-title = Vous êtes déconnecté
ended-cancelled = La connexion a été annulée. Rien n’a été ajouté à votre compte.
ended-superseded-title = Poursuivi ailleurs
ended-superseded = Vous avez continué dans un autre navigateur ou sur un autre appareil. Ce qui était affiché ici n’est plus valable.
ended-expired-title = Votre connexion a expiré
ended-expired = Pour votre sécurité, une connexion doit être terminée dans un temps limité.
ended-again = Recommencer

## Avis
notice-problem = Il y a un problème
notice-not-accepted = Ce nom d’utilisateur ou ce mot de passe n’est pas correct. Réessayez.
notice-passcode-not-accepted = Code refusé. Attendez le code suivant et saisissez celui-là.
notice-clock-hint = Vos codes sont-ils toujours refusés ? Vérifiez que l’heure de votre appareil est réglée automatiquement : les codes dépendent de l’heure.
notice-passcode-used = Ce code a déjà été utilisé. Attendez le suivant.
notice-account-locked = Trop d’essais infructueux avec ce compte. Réessayez après { $time }.
notice-account-locked-way = Vous pouvez vous connecter tout de suite avec un navigateur dans lequel vous vous êtes déjà connecté. Si ces essais ne viennent pas de vous, prévenez le centre d’assistance.
notice-locked = Trop d’essais infructueux. Réessayez après { $time }.
notice-code-wrong = { $tries ->
    [one] Ce code n’est pas le bon. Il reste { $tries } essai.
   *[other] Ce code n’est pas le bon. Il reste { $tries } essais.
}
notice-code-expired = Ce code a expiré. Demandez-en un nouveau.
notice-code-void = Trop de codes erronés. Demandez un nouveau code.
notice-code-limit = Trop de codes demandés. Réessayez après { $time }.
notice-code-day-limit = Trop de codes erronés aujourd’hui. Revenez après { $time }.
notice-no-email = Aucune adresse e-mail n’est enregistrée pour vous ; aucun code ne peut donc être envoyé. Le centre d’assistance peut en ajouter une.
notice-mail-failed = L’e-mail n’a pas pu être envoyé. Réessayez ; vous recevrez le même code.
notice-code-sent-again = Un nouveau code a été envoyé. Les codes précédents ne fonctionnent plus.
notice-choose-target = Choisissez l’un des appareils.
notice-empty-name = Saisissez votre nom d’utilisateur.
notice-empty-password = Saisissez votre mot de passe.
notice-empty-passcode = Saisissez le code à usage unique.
notice-empty-code = Saisissez le code de vérification.
notice-stale-form = Vous aviez déjà passé cette étape. Voici l’étape en cours.
notice-no-longer-offered = Vous ne pouvez plus ajouter vous-même un authentificateur. Le centre d’assistance vous dira comment en obtenir un.

## La page d’accueil du portail
start-title = Vos applications
start-welcome = Bienvenue, { $name }
start-empty = Il n’y a pas encore d’application pour vous ici.
start-sign-out = Se déconnecter

## Les pages qui disent une seule chose
message-status = Erreur
message-request = ID de la requête
message-continue = Aller à la page d’accueil
message-sign-in-again = Se reconnecter
message-denied-title = Vous n’avez pas accès
message-denied = La politique d’accès ne vous autorise pas ici. Si vous pensez le contraire, demandez l’accès.
message-denied-app = La politique d’accès ne vous autorise pas à ouvrir { $app }. Si vous pensez le contraire, demandez l’accès.
message-cross-site-title = Ce formulaire ne peut pas être accepté
message-cross-site = Il ne vient pas d’une de nos pages, ou la page est restée ouverte trop longtemps. Revenez en arrière, rechargez la page et réessayez.
message-bad-request-title = Cela n’a pas fonctionné
message-bad-request = La requête n’a pas pu être comprise. Revenez en arrière et réessayez.
message-not-found-title = Page introuvable
message-not-found = Il n’y a pas de page à cette adresse. Vérifiez l’adresse ou partez de la page d’accueil.
message-method-title = Ce n’est pas possible ici
message-method = Cette adresse n’accepte pas ce type de requête.
message-too-large-title = Trop volumineux
message-too-large = Ce qui a été envoyé dépasse la taille acceptée ici.
message-unknown-host-title = Site inconnu
message-unknown-host = Il n’y a pas de site de ce nom ici. Vérifiez l’adresse.
message-address-waits-title = Votre réseau doit patienter
message-address-waits = Trop de connexions ont été commencées ou ont échoué depuis votre réseau. Réessayez après { $time }.
message-address-waits-way = Avec un navigateur dans lequel vous vous êtes déjà connecté, vous pouvez continuer tout de suite.
message-too-many-title = Trop de requêtes
message-too-many = Trop de requêtes sont arrivées de votre réseau. Attendez une minute et réessayez.
message-upstream-title = L’application ne répond pas
message-upstream = L’application est injoignable pour le moment. Réessayez dans quelques minutes.
message-upstream-timeout-title = L’application met trop de temps
message-upstream-timeout = L’application n’a pas répondu à temps. Réessayez dans quelques minutes.
message-unavailable-title = De retour dans un instant
message-unavailable = La connexion n’est pas disponible pour le moment. Rien n’a été modifié. Réessayez dans une minute.
message-internal-title = Une erreur s’est produite
message-internal = L’erreur vient de nous et a été enregistrée. Réessayez ; si elle se reproduit, communiquez l’ID de la requête au centre d’assistance.
message-signed-out-title = Vous êtes déconnecté
message-signed-out = Vous êtes déconnecté de toutes les applications. Fermez le navigateur si d’autres personnes utilisent aussi cet ordinateur.
message-dispute-look-title = Était-ce vous ?
message-dispute-look = Un authentificateur a été ajouté à votre compte : { $device }, { $time }.
message-dispute-look-effect = Si ce n’était pas vous, suspendez-le maintenant. Toutes vos sessions seront fermées.
message-dispute-look-you = Si c’était vous, fermez simplement cette page. Rien ne change.
message-dispute-submit = Ce n’était pas moi : suspendre
message-dispute-done-title = L’authentificateur est suspendu
message-dispute-done = Il ne peut plus être utilisé et toutes vos sessions ont été fermées. Changez votre mot de passe et dites au centre d’assistance ce qui s’est passé.
message-dispute-gone-title = Ce lien ne fonctionne plus
message-dispute-gone = Il a déjà été utilisé ou date de plus de sept jours. Si un authentificateur de votre compte n’est pas le vôtre, prévenez immédiatement le centre d’assistance.

## E-mail : le code de vérification
mail-automatic = Ce message a été envoyé automatiquement. Les réponses ne sont pas lues.
mail-sent = Envoyé : { $time }.
mail-code-subject = Votre code de vérification pour { $brand }
mail-code-title = Votre code de vérification
mail-code-intro = Vous ajoutez un authentificateur à votre compte. Saisissez ce code dans la page qui le demande :
mail-code-intro-app = Vous ajoutez un authentificateur à votre compte afin de vous connecter à { $app }. Saisissez ce code dans la page qui le demande :
mail-code-valid = { $minutes ->
    [one] Le code est valable { $minutes } minute, une seule fois et uniquement dans le navigateur où vous l’avez demandé.
   *[other] Le code est valable { $minutes } minutes, une seule fois et uniquement dans le navigateur où vous l’avez demandé.
}
mail-code-never = Personne ne vous demandera jamais ce code, ni par téléphone ni par e-mail. Ne le communiquez pas.
mail-code-not-you = Si vous ne l’avez pas demandé, ne faites rien : sans ce code, rien n’est ajouté à votre compte. Si cela se reproduit, prévenez le centre d’assistance.

## E-mail : un authentificateur a été ajouté
mail-notice-subject = Un authentificateur a été ajouté à votre compte { $brand }
mail-notice-title = Un authentificateur a été ajouté à votre compte
mail-notice-intro = Il peut désormais servir à se connecter à { $brand } avec votre nom d’utilisateur.
mail-notice-device = Appareil
mail-notice-when = Date et heure
mail-notice-address = Adresse réseau
mail-notice-you = Si c’était vous, vous n’avez rien à faire.
mail-notice-not-you = Ce n’était pas vous ? Ouvrez ce lien et confirmez. L’authentificateur est aussitôt suspendu et toutes vos sessions sont fermées.
mail-notice-button = Ce n’était pas moi
mail-notice-valid = Le lien fonctionne une seule fois, pendant sept jours.
