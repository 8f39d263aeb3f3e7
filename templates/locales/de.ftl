# Die Texte der Seiten und E-Mails auf Deutsch.

## Rahmen jeder Seite
title-error = Fehler
title-step = Schritt { $step }
progress-step = Schritt { $step } von { $of }
frame-language = Sprache
frame-language-change = Ändern
frame-help = Hilfe und Support
frame-cancel = Abbrechen und abmelden
frame-signed-in = Angemeldet als { $name }
frame-continue = Weiter
frame-back = Zurück
frame-finish-by = Bitte bis { $time } abschließen.
contact = Helpdesk kontaktieren

## W0: Benutzername, Passwort
signin-submit = Anmelden
signin-as = Anmeldung als { $name }
signin-switch = Benutzer wechseln
name-title = Bei { $app } anmelden
name-title-portal = Anmelden
name-label = Benutzername
name-remember = Benutzernamen auf diesem Gerät merken
name-remember-hint = Nicht auf einem Computer verwenden, den auch andere nutzen.
password-title = Passwort eingeben
password-label = Passwort
password-show = Anzeigen
password-hide = Verbergen

## Einmalcode eines Authenticators
passcode-title = Einmalcode eingeben
passcode-text = Öffnen Sie Ihre Authenticator-App und geben Sie den Einmalcode ein, den sie gerade anzeigt.
passcode-label = Einmalcode
passcode-hint = { $digits ->
    [one] { $digits } Ziffer
   *[other] { $digits } Ziffern
}
passcode-enrolment-hint = Erwarten Sie eine E-Mail zur Registrierung? Sehen Sie in Ihrem Posteingang nach oder bitten Sie um Hilfe.
passcode-suspended-title = Ihr Authenticator ist gesperrt
passcode-suspended = Er kann erst wieder zur Anmeldung verwendet werden, wenn er reaktiviert wurde.

## W1: Sie benötigen einen Authenticator
need-title = Sie benötigen einen Authenticator
need-text = { $app } verlangt einen Einmalcode. Sie haben noch keinen Authenticator. Das Einrichten dauert etwa drei Minuten.
need-text-portal = Hier wird ein Einmalcode verlangt. Sie haben noch keinen Authenticator. Das Einrichten dauert etwa drei Minuten.
need-list = Sie benötigen:
need-email = Zugriff auf Ihre E-Mails
need-device = ein Smartphone oder diesen Computer
need-submit = Authenticator hinzufügen
need-mail = Wir senden einen Code an Ihre E-Mail-Adresse.
need-mail-masked = Wir senden einen Code an Ihre E-Mail-Adresse { $address }.

## W2: E-Mail prüfen
code-title = Prüfen Sie Ihre E-Mails
code-title-failed = Wir konnten Ihnen keinen Code senden
code-title-blocked = Heute geht es nicht weiter
code-sent = Wir haben einen Code an Ihre E-Mail-Adresse gesendet.
code-sent-masked = Wir haben einen Code an { $address } gesendet.
code-patience = Das kann eine Minute dauern; sehen Sie auch im Spam-Ordner nach.
code-newest = Verwenden Sie die neueste Nachricht, gesendet um { $time }.
code-valid-until = Der Code ist bis { $time } gültig.
code-sending = Wir senden gerade einen Code an Ihre E-Mail-Adresse. Diese Seite meldet, sobald er unterwegs ist.
code-sending-masked = Wir senden gerade einen Code an { $address }. Diese Seite meldet, sobald er unterwegs ist.
code-label = Bestätigungscode
code-resend = Neuen Code senden
code-resend-wait = In { $time } können Sie einen neuen Code anfordern.
code-resend-ready = Sie können jetzt einen neuen Code anfordern.
code-retry = Erneut versuchen
code-no-access = Kein Zugriff auf diese E-Mail-Adresse?
code-ask-help = Ohne Code geht es hier nicht weiter.

## W3, W4: Wo installieren?
kind-title = Wo möchten Sie ihn installieren?
kind-text = Wählen Sie das Gerät, das Sie bei jeder Anmeldung zur Hand haben.
device-title = Welches Gerät?
choice-mobile = Auf einem Mobilgerät
choice-mobile-hint = iPhone, iPad oder Android
choice-ios = iPhone oder iPad
choice-ios-hint = iOS oder iPadOS
choice-android = Android
choice-android-hint = Smartphone oder Tablet
choice-windows-mobile = Windows 10 Mobile
choice-windows-mobile-hint = Smartphone
choice-windows-desktop = Auf diesem Computer
choice-windows-desktop-hint = Windows 10 oder neuer
device-ios = iPhone oder iPad
device-android = Android-Gerät
device-windows-mobile = Smartphone mit Windows 10 Mobile
device-windows-desktop = Windows-Computer

## W5: Schlüssel in die App übernehmen
install-title-ios = iPhone oder iPad einrichten
install-title-android = Android-Gerät einrichten
install-title-windows-mobile = Windows-Smartphone einrichten
install-title-windows-desktop = Diesen Computer einrichten
install-app-ios = Installieren Sie eine Authenticator-App aus dem App Store, zum Beispiel Google Authenticator, Microsoft Authenticator, 2FAS oder FreeOTP. Auch die App „Passwörter“, die zu iOS gehört, ist geeignet.
install-app-android = Installieren Sie eine Authenticator-App aus Google Play, zum Beispiel Google Authenticator, Microsoft Authenticator, Aegis oder 2FAS.
install-app-windows-mobile = Installieren Sie eine Authenticator-App aus dem Microsoft Store, zum Beispiel Microsoft Authenticator.
install-app-windows-desktop = Installieren Sie eine Authenticator-App, zum Beispiel KeePassXC oder 2fast aus dem Microsoft Store.
install-add-mobile = Fügen Sie in der App ein Konto hinzu und richten Sie die Kamera auf den QR-Code.
install-add-desktop = Fügen Sie in der App ein Konto hinzu (in KeePassXC: TOTP für einen Eintrag einrichten) und fügen Sie den Schlüssel unten ein.
install-then = Die App zeigt nun einen sechsstelligen Einmalcode, alle 30 Sekunden einen neuen. Wählen Sie „Weiter“, um sich damit anzumelden.
install-qr-alt = QR-Code. Wenn Sie ihn nicht scannen können, verwenden Sie den Link oder den Schlüssel auf dieser Seite.
install-open = In der App auf diesem Gerät öffnen
install-open-hint = Wenn Ihre Authenticator-App auf dem Gerät ist, auf dem Sie dies lesen.
install-key = Scannen nicht möglich? Diesen Schlüssel eintippen oder einfügen:
install-copy = Kopieren
install-copied = Der Schlüssel wurde kopiert.
install-copy-failed = Der Schlüssel konnte nicht kopiert werden. Markieren und kopieren Sie ihn von Hand.
install-account = Konto
install-issuer = Aussteller
install-type = Art
install-type-value = Zeitbasiert, 6 Ziffern, 30 Sekunden, SHA-1
install-valid-until = Code gültig bis { $time }.
install-private = Zeigen Sie ihn niemandem: Wer ihn hat, kann Ihre Einmalcodes erzeugen.
install-new-code = Neuer Code
install-new-code-hint = Der Code oben wird damit ungültig. Ist er schon in einer App, löschen Sie den Eintrag dort.
install-expired = Dieser Code ist abgelaufen und wird nicht mehr angezeigt. Fordern Sie einen neuen an. Haben Sie den alten schon in eine App übernommen, löschen Sie den Eintrag dort.

## W7, W8: bereit
ready-title = Ihr Authenticator ist bereit
ready-added = Hinzugefügt: { $device }, { $time }
ready-sign-in = Jetzt damit anmelden
ready-text = Geben Sie den Einmalcode ein, den Ihr Authenticator gerade anzeigt.
ready-back = Code noch einmal anzeigen

## Ende einer Anmeldung
ended-cancelled-title = Sie sind abgemeldet
ended-cancelled = Die Anmeldung wurde abgebrochen. Ihrem Konto wurde nichts hinzugefügt.
ended-superseded-title = Anderswo fortgesetzt
ended-superseded = Sie haben den Vorgang in einem anderen Browser oder auf einem anderen Gerät fortgesetzt. Was hier angezeigt wurde, gilt nicht mehr.
ended-expired-title = Ihre Anmeldung ist abgelaufen
ended-expired = Zu Ihrer Sicherheit muss eine Anmeldung in begrenzter Zeit abgeschlossen werden.
ended-again = Neu beginnen

## Hinweise
notice-problem = Es ist ein Problem aufgetreten
notice-not-accepted = Benutzername oder Passwort ist nicht richtig. Versuchen Sie es noch einmal.
notice-passcode-not-accepted = Nicht angenommen. Warten Sie auf den nächsten Einmalcode und geben Sie diesen ein.
notice-clock-hint = Wird er immer wieder abgelehnt? Prüfen Sie, ob die Uhr Ihres Geräts automatisch gestellt wird: Einmalcodes hängen von der Uhrzeit ab.
notice-passcode-used = Dieser Einmalcode wurde schon verwendet. Warten Sie auf den nächsten.
notice-account-locked = Zu viele Fehlversuche mit diesem Konto. Versuchen Sie es nach { $time } wieder.
notice-account-locked-way = Mit einem Browser, in dem Sie sich schon einmal angemeldet haben, können Sie sich sofort anmelden. Wenn die Versuche nicht von Ihnen stammen, sagen Sie dem Helpdesk Bescheid.
notice-locked = Zu viele Fehlversuche. Versuchen Sie es nach { $time } wieder.
notice-code-wrong = { $tries ->
    [one] Dieser Code ist nicht richtig. Noch { $tries } Versuch.
   *[other] Dieser Code ist nicht richtig. Noch { $tries } Versuche.
}
notice-code-expired = Dieser Code ist abgelaufen. Lassen Sie sich einen neuen senden.
notice-code-void = Zu viele falsche Codes. Lassen Sie sich einen neuen Code senden.
notice-code-limit = Zu viele Codes angefordert. Versuchen Sie es nach { $time } wieder.
notice-code-day-limit = Zu viele falsche Codes an einem Tag. Versuchen Sie es nach { $time } wieder.
notice-no-email = Für Sie ist keine E-Mail-Adresse hinterlegt, daher kann kein Code gesendet werden. Der Helpdesk kann eine Adresse eintragen.
notice-mail-failed = Die E-Mail konnte nicht gesendet werden. Versuchen Sie es erneut; Sie erhalten denselben Code.
notice-code-sent-again = Ein neuer Code wurde gesendet. Frühere Codes gelten nicht mehr.
notice-choose-target = Wählen Sie eines der Geräte aus.
notice-empty-name = Geben Sie Ihren Benutzernamen ein.
notice-empty-password = Geben Sie Ihr Passwort ein.
notice-empty-passcode = Geben Sie den Einmalcode ein.
notice-empty-code = Geben Sie den Bestätigungscode ein.
notice-stale-form = Dieser Schritt war schon erledigt. Hier geht es weiter.
notice-no-longer-offered = Sie können selbst keinen Authenticator mehr hinzufügen. Der Helpdesk sagt Ihnen, wie Sie einen erhalten.

## Startseite des Portals
start-title = Ihre Anwendungen
start-welcome = Willkommen, { $name }
start-empty = Hier gibt es noch keine Anwendungen für Sie.
start-sign-out = Abmelden

## Seiten, die eines mitteilen
message-status = Fehler
message-request = Anfrage-ID
message-continue = Zur Startseite
message-sign-in-again = Erneut anmelden
message-denied-title = Sie haben keinen Zugriff
message-denied = Die Zugriffsrichtlinie lässt Sie hier nicht zu. Wenn das nicht stimmt, bitten Sie um Zugriff.
message-denied-app = Die Zugriffsrichtlinie lässt Sie bei { $app } nicht zu. Wenn das nicht stimmt, bitten Sie um Zugriff.
message-cross-site-title = Dieses Formular kann nicht angenommen werden
message-cross-site = Es kam nicht von einer unserer Seiten, oder die Seite war zu lange geöffnet. Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.
message-bad-request-title = Das hat nicht geklappt
message-bad-request = Die Anfrage war nicht verständlich. Gehen Sie zurück und versuchen Sie es noch einmal.
message-not-found-title = Seite nicht gefunden
message-not-found = Unter dieser Adresse gibt es keine Seite. Prüfen Sie die Adresse oder beginnen Sie auf der Startseite.
message-method-title = Das ist hier nicht möglich
message-method = Diese Adresse nimmt solche Anfragen nicht an.
message-too-large-title = Zu groß
message-too-large = Es wurde mehr gesendet, als hier angenommen wird.
message-unknown-host-title = Unbekannte Website
message-unknown-host = Eine Website dieses Namens gibt es hier nicht. Prüfen Sie die Adresse.
message-address-waits-title = Ihr Netzwerk muss warten
message-address-waits = Aus Ihrem Netzwerk wurden zu viele Anmeldungen begonnen oder schlugen fehl. Versuchen Sie es nach { $time } wieder.
message-address-waits-way = Mit einem Browser, in dem Sie sich schon einmal angemeldet haben, können Sie sofort weitermachen.
message-too-many-title = Zu viele Anfragen
message-too-many = Aus Ihrem Netzwerk kamen zu viele Anfragen. Warten Sie eine Minute und versuchen Sie es dann wieder.
message-upstream-title = Die Anwendung antwortet nicht
message-upstream = Die Anwendung ist gerade nicht erreichbar. Versuchen Sie es in einigen Minuten wieder.
message-upstream-timeout-title = Die Anwendung braucht zu lange
message-upstream-timeout = Die Anwendung hat nicht rechtzeitig geantwortet. Versuchen Sie es in einigen Minuten wieder.
message-unavailable-title = Gleich wieder da
message-unavailable = Die Anmeldung ist gerade nicht verfügbar. Es wurde nichts verändert. Versuchen Sie es in einer Minute wieder.
message-internal-title = Etwas ist schiefgegangen
message-internal = Der Fehler liegt bei uns und wurde aufgezeichnet. Versuchen Sie es noch einmal; tritt er wieder auf, nennen Sie dem Helpdesk die Anfrage-ID.
message-signed-out-title = Sie sind abgemeldet
message-signed-out = Sie sind von allen Anwendungen abgemeldet. Schließen Sie den Browser, wenn auch andere diesen Computer nutzen.
message-dispute-look-title = Waren Sie das?
message-dispute-look = Ihrem Konto wurde ein Authenticator hinzugefügt: { $device }, { $time }.
message-dispute-look-effect = Wenn Sie das nicht waren, sperren Sie ihn jetzt. Alle Ihre Sitzungen werden beendet.
message-dispute-look-you = Wenn Sie es waren, schließen Sie einfach diese Seite. Es ändert sich nichts.
message-dispute-submit = Das war ich nicht: sperren
message-dispute-done-title = Der Authenticator ist gesperrt
message-dispute-done = Er kann nicht mehr verwendet werden, und alle Ihre Sitzungen wurden beendet. Ändern Sie Ihr Passwort und teilen Sie dem Helpdesk mit, was geschehen ist.
message-dispute-gone-title = Dieser Link funktioniert nicht mehr
message-dispute-gone = Er wurde schon verwendet oder ist älter als sieben Tage. Wenn zu Ihrem Konto ein Authenticator gehört, der nicht Ihrer ist, informieren Sie sofort den Helpdesk.

## E-Mail: Bestätigungscode
mail-automatic = Diese Nachricht wurde automatisch gesendet. Antworten darauf werden nicht gelesen.
mail-sent = Gesendet: { $time }.
mail-code-subject = Ihr Bestätigungscode für { $brand }
mail-code-title = Ihr Bestätigungscode
mail-code-intro = Sie fügen Ihrem Konto gerade einen Authenticator hinzu. Geben Sie diesen Code auf der Seite ein, die danach fragt:
mail-code-intro-app = Sie fügen Ihrem Konto gerade einen Authenticator hinzu, um sich bei { $app } anzumelden. Geben Sie diesen Code auf der Seite ein, die danach fragt:
mail-code-valid = { $minutes ->
    [one] Der Code gilt { $minutes } Minute lang, ein einziges Mal und nur in dem Browser, in dem Sie ihn angefordert haben.
   *[other] Der Code gilt { $minutes } Minuten lang, ein einziges Mal und nur in dem Browser, in dem Sie ihn angefordert haben.
}
mail-code-never = Niemand wird Sie je nach diesem Code fragen, weder am Telefon noch per E-Mail. Geben Sie ihn nicht weiter.
mail-code-not-you = Wenn Sie ihn nicht angefordert haben, müssen Sie nichts tun: Ohne diesen Code wird Ihrem Konto nichts hinzugefügt. Kommt das wieder vor, informieren Sie den Helpdesk.

## E-Mail: ein Authenticator wurde hinzugefügt
mail-notice-subject = Ihrem Konto bei { $brand } wurde ein Authenticator hinzugefügt
mail-notice-title = Ihrem Konto wurde ein Authenticator hinzugefügt
mail-notice-intro = Ab sofort kann er mit Ihrem Benutzernamen zur Anmeldung bei { $brand } verwendet werden.
mail-notice-device = Gerät
mail-notice-when = Zeitpunkt
mail-notice-address = Netzwerkadresse
mail-notice-you = Wenn Sie das waren, müssen Sie nichts tun.
mail-notice-not-you = Das waren Sie nicht? Öffnen Sie diesen Link und bestätigen Sie. Der Authenticator wird sofort gesperrt, und alle Ihre Sitzungen werden beendet.
mail-notice-button = Das war ich nicht
mail-notice-valid = Der Link funktioniert ein einziges Mal, innerhalb von sieben Tagen.
