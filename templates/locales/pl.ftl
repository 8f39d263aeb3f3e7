# The words of the pages and mails in Polish.

## The frame of every page
title-error = Błąd
title-step = Krok { $step }
progress-step = Krok { $step } z { $of }
frame-language = Język
frame-language-change = Zmień
frame-help = Pomoc i wsparcie
frame-cancel = Anuluj i wyloguj się
frame-cancel-own = Anuluj
frame-signed-in = Zalogowano jako { $name }
frame-continue = Dalej
frame-back = Wstecz
frame-finish-by = Proszę zakończyć do { $time }.
contact = Skontaktuj się z pomocą techniczną
contact-at = Skontaktuj się z pomocą techniczną: { $contact }

## W0: user name, password
signin-submit = Zaloguj się
signin-as = Logowanie jako { $name }
signin-switch = Zmień użytkownika
name-title = Logowanie do aplikacji { $app }
name-title-portal = Logowanie
name-label = Nazwa użytkownika
name-remember = Zapamiętaj nazwę użytkownika na tym urządzeniu
name-remember-hint = Nie należy włączać na komputerze, z którego korzystają też inne osoby.
password-title = Wpisz hasło
password-label = Hasło
password-show = Pokaż
password-hide = Ukryj

## Passcode of an authenticator
passcode-title = Wpisz kod jednorazowy
passcode-title-requests = Zatwierdź na swoim urządzeniu
passcode-text = Proszę otworzyć aplikację uwierzytelniającą i wpisać kod jednorazowy, który teraz pokazuje.
passcode-label = Kod jednorazowy
passcode-hint = { $digits ->
    [one] { $digits } cyfra
    [few] { $digits } cyfry
    [many] { $digits } cyfr
   *[other] { $digits } cyfry
}
passcode-text-requests = Ten uwierzytelniacz odpowiada na prośby i nie pokazuje kodów. Gdy nie ma go pod ręką, pomoc techniczna może wydać kod tymczasowy do wpisania tutaj.
passcode-hint-requests = Kod tymczasowy od pomocy technicznej
passcode-text-challenge = Proszę wprowadzić wyzwanie do uwierzytelniacza i wpisać kod jednorazowy, którym odpowie.
passcode-hint-pin-prepend = PIN, a zaraz po nim cyfry kodu ({ $digits })
passcode-hint-pin-append = Cyfry kodu ({ $digits }), a zaraz po nich PIN
passcode-hint-pin-perhaps = Cyfry kodu ({ $digits }), razem z PIN-em, jeśli uwierzytelniacz go ma
passcode-recovery = Brak uwierzytelniacza pod ręką? Zamiast kodu jednorazowego można wpisać jeden z kodów odzyskiwania.
challenge-label = Wyzwanie
challenge-hint = Ważne przez dwie minuty i tylko raz.
challenge-over = To wyzwanie wygasło.
challenge-new = Nowe wyzwanie
new-pin-title = Wybierz nowy PIN
new-pin-text = Dotychczasowy PIN nie został wybrany samodzielnie albo stracił ważność. Od teraz z każdym kodem jednorazowym należy wpisywać nowy.
new-pin-rule-length = Od { $min } do { $max } znaków
new-pin-rule-decimal = Cyfry lub litery, bez znaków diakrytycznych
new-pin-rule-strong = Co najmniej jedna wielka litera, jedna mała litera i jedna cyfra
new-pin-rule-trivial = Nie prosty ciąg, taki jak 1234 lub 2222
new-pin-label = Nowy PIN
new-pin-again = Ten sam PIN jeszcze raz
new-pin-submit = Zapisz PIN i zaloguj się
passcode-enrolment-hint = Miała przyjść wiadomość e-mail dotycząca rejestracji? Proszę zajrzeć do skrzynki odbiorczej lub poprosić o pomoc.
passcode-suspended-title = Uwierzytelniacz jest zawieszony
passcode-suspended = Do czasu ponownej aktywacji nie można się nim logować.
passcode-suspended-instead = Nadal można się zalogować jednym z kodów odzyskiwania albo tymczasowym kodem od działu pomocy.
passcode-stand-in-label = Kod odzyskiwania lub kod tymczasowy

## A request to the user's device
push-send = Wyślij prośbę na mój telefon
push-or-code = lub za pomocą kodu
push-or = lub za pomocą kodu jednorazowego
push-sent = Na urządzenie wysłano prośbę o zalogowanie. Proszę ją tam otworzyć.
push-by-hand = Proszę otworzyć aplikację na urządzeniu: czeka w niej prośba o zalogowanie. To urządzenie nie może o niej powiadomić.
push-enter = Proszę wpisać w aplikacji { $number }.
push-until = Prośba jest ważna do { $time }.
push-left = pozostało { $time }
push-cancel = Wycofaj prośbę
push-approved = Prośba została zatwierdzona.
push-pin = PIN
push-pin-hint = Uzupełnia zatwierdzoną prośbę.
passkey-title = Użyj klucza dostępu
passkey-text = Tutaj potrzebny jest klucz dostępu: urządzenie sprawdza tożsamość blokadą ekranu, odciskiem palca lub rozpoznaniem twarzy.
passkey-use = Użyj klucza dostępu
passkey-or = lub za pomocą uwierzytelniacza
passkey-failed = Przeglądarka nie użyła klucza dostępu. Proszę spróbować ponownie.
passkey-known = Na tym urządzeniu jest już klucz dostępu do tego konta.
passkey-none = Ta przeglądarka nie obsługuje kluczy dostępu. Proszę spróbować w innej.
passkey-script = Klucze dostępu wymagają przeglądarki z włączonym JavaScriptem.
push-off = Prośbę będzie można wysłać na urządzenie dopiero po { $time }.

## W1: you need an authenticator
need-title = Potrzebny jest uwierzytelniacz
need-text = Aplikacja { $app } wymaga kodu jednorazowego. Na tym koncie nie ma jeszcze uwierzytelniacza. Jego konfiguracja trwa około trzech minut.
need-text-portal = Wymagany jest tu kod jednorazowy. Na tym koncie nie ma jeszcze uwierzytelniacza. Jego konfiguracja trwa około trzech minut.
need-list = Potrzebne są:
need-email = dostęp do poczty e-mail
need-device = telefon lub ten komputer
need-submit = Dodaj uwierzytelniacz
need-mail = Kod wyślemy na adres e-mail przypisany do konta.
need-mail-masked = Kod wyślemy na adres e-mail { $address }.
need-later-submit = Później
need-later = Można to odłożyć do końca dnia { $day }. Potem bez uwierzytelniacza nie będzie można tu kontynuować.

## One more proof, where a rule asks for it
approval-title-none = Potrzebna jest zgoda
approval-title-asked = Oczekiwanie na zgodę
approval-title-approved = Wniosek został zatwierdzony
approval-title-refused = Wniosek został odrzucony
approval-none = Zanim będzie można dodać uwierzytelniacz, musi się na to zgodzić upoważniona osoba. O zgodę można poprosić tutaj.
approval-ask = Poproś o zgodę
approval-asked = Wniosek nie został jeszcze rozpatrzony. Ta strona poinformuje, gdy to nastąpi.
approval-asked-close = Tę stronę można też zamknąć. Po zatwierdzeniu wniosku przyjdzie wiadomość e-mail; aby kontynuować, wystarczy zalogować się ponownie.
approval-asked-until = Wniosek jest ważny do { $time }. Potem można złożyć nowy.
approval-look = Sprawdź ponownie
approval-hurry = Sprawa jest pilna?
approval-approved = Można już dodać uwierzytelniacz.
approval-approved-until = Zgoda jest ważna do { $time }.
approval-refused = Nie można teraz dodać uwierzytelniacza.
approval-reason = Podany powód: { $reason }
approval-refused-until = Nowy wniosek można złożyć po { $time }.
approval-refused-ask = Czy to pomyłka?
help-desk-title = Wpisz kod pomocy technicznej
help-desk-text = Zanim będzie można dodać uwierzytelniacz, pomoc techniczna musi potwierdzić tożsamość właściciela konta. Wtedy poda kod.
help-desk-label = Kod pomocy technicznej
help-desk-hint = Osiem znaków; kod ważny przez dobę i tylko raz

## W2: check your email
code-title = Sprawdź pocztę e-mail
code-title-failed = Nie udało się wysłać kodu
code-title-blocked = Dziś nie można kontynuować
code-sent = Wysłaliśmy kod na adres e-mail przypisany do konta.
code-sent-masked = Wysłaliśmy kod na adres { $address }.
code-patience = To może potrwać minutę; warto zajrzeć też do folderu ze spamem.
code-newest = Proszę użyć najnowszej wiadomości (wysłano: { $time }).
code-valid-until = Kod jest ważny do { $time }.
code-sending = Wysyłamy kod na adres e-mail przypisany do konta. Ta strona poinformuje, gdy zostanie wysłany.
code-sending-masked = Wysyłamy kod na adres { $address }. Ta strona poinformuje, gdy zostanie wysłany.
code-label = Kod weryfikacyjny
code-resend = Wyślij nowy kod
code-resend-wait = O nowy kod można poprosić za { $time }.
code-resend-ready = Można już poprosić o nowy kod.
code-retry = Spróbuj ponownie
code-no-access = Brak dostępu do tej poczty?
code-ask-help = Bez kodu nie można tu kontynuować.

## W3, W4: where to install
kind-title = Gdzie go zainstalować?
kind-text = Proszę wybrać urządzenie, które jest pod ręką przy każdym logowaniu.
device-title = Które urządzenie?
choice-mobile = Na urządzeniu mobilnym
choice-mobile-hint = iPhone, iPad lub Android
choice-ios = iPhone lub iPad
choice-ios-hint = iOS lub iPadOS
choice-android = Android
choice-android-hint = Telefon lub tablet
choice-windows-mobile = Windows 10 Mobile
choice-windows-mobile-hint = Telefon
choice-windows-desktop = Na tym komputerze
choice-windows-desktop-hint = Windows 10 lub nowszy
device-ios = iPhone lub iPad
device-android = Urządzenie z Androidem
device-windows-mobile = Telefon z Windows 10 Mobile
device-windows-desktop = Komputer z systemem Windows

## W5: put the key into the app
install-title-ios = Skonfiguruj iPhone’a lub iPada
install-title-android = Skonfiguruj urządzenie z Androidem
install-title-windows-mobile = Skonfiguruj telefon z systemem Windows
install-title-windows-desktop = Skonfiguruj ten komputer
install-app-ios = Proszę zainstalować aplikację uwierzytelniającą z App Store, na przykład Google Authenticator, Microsoft Authenticator, 2FAS lub FreeOTP. Odpowiednia jest też aplikacja Hasła, dostępna w systemie iOS.
install-app-android = Proszę zainstalować aplikację uwierzytelniającą z Google Play, na przykład Google Authenticator, Microsoft Authenticator, Aegis lub 2FAS.
install-app-windows-mobile = Proszę zainstalować aplikację uwierzytelniającą z Microsoft Store, na przykład Microsoft Authenticator.
install-app-windows-desktop = Proszę zainstalować aplikację uwierzytelniającą, na przykład KeePassXC lub 2fast z Microsoft Store.
install-add-mobile = W aplikacji proszę dodać konto i skierować aparat na kod QR.
install-add-desktop = W aplikacji proszę dodać konto (w KeePassXC: skonfigurować TOTP dla wpisu) i wkleić poniższy klucz.
install-then-time = Aplikacja pokazuje teraz kod jednorazowy (liczba cyfr: { $digits }), a co { $seconds } s nowy. Proszę wybrać „Dalej” i wpisać go na następnej stronie.
install-then-event = Aplikacja pokazuje teraz kod jednorazowy (liczba cyfr: { $digits }), a na każde żądanie kolejny. Proszę wybrać „Dalej” i wpisać go na następnej stronie.
install-then-question = Aplikacja może już odpowiadać na pytania kodem jednorazowym (liczba cyfr: { $digits }). Proszę wybrać „Dalej”: następna strona zada pytanie.
install-app-question = Proszę otworzyć uwierzytelniacz, który potrafi odpowiadać na pytania (OCRA). Pomoc techniczna wie, którego się tu używa.
install-add-question = Proszę wprowadzić do niego poniższy klucz lub link.
install-qr-alt = Kod QR. Jeśli nie można go zeskanować, proszę użyć linku lub klucza na tej stronie.
install-open = Otwórz w aplikacji na tym urządzeniu
install-open-hint = Jeśli aplikacja uwierzytelniająca jest na urządzeniu, na którym wyświetlono tę stronę.
install-key = Nie można zeskanować? Proszę wpisać lub wkleić ten klucz:
install-copy = Kopiuj
install-copied = Klucz został skopiowany.
install-copy-failed = Nie udało się skopiować klucza. Proszę go zaznaczyć i skopiować ręcznie.
install-account = Konto
install-issuer = Wystawca
install-type = Typ
install-type-time = Oparty na czasie, cyfry: { $digits }, { $seconds } s, SHA-1
install-type-event = Oparty na liczniku, cyfry: { $digits }, SHA-1
install-type-question = Wyzwanie i odpowiedź, OCRA-1:HOTP-SHA1-{ $digits }:QN08
install-valid-until = Kod ważny do { $time }.
install-private = Nie należy go nikomu pokazywać: kto go ma, może tworzyć kody jednorazowe do tego konta.
install-new-code = Nowy kod
install-new-code-hint = Powyższy kod przestanie działać. Jeśli jest już w aplikacji, należy usunąć tam ten wpis.
install-expired = Ten kod wygasł i nie jest już pokazywany. Proszę poprosić o nowy. Jeśli stary jest już dodany do aplikacji, należy usunąć tam ten wpis.

## W5, W6: our own authenticator
activate-part-install = 1. Instalacja aplikacji
activate-part-activate = 2. Aktywacja
activate-get = Proszę zainstalować aplikację:
activate-store-ios = App Store
activate-store-android = Google Play
activate-store-windows-mobile = Microsoft Store
activate-store-windows-desktop = Microsoft Store
activate-installer = Pobierz instalator
activate-page = Otwórz stronę instalacji
activate-there-mobile = Aplikacja jest już na urządzeniu. Proszę ją otworzyć.
activate-there-desktop = Proszę otworzyć aplikację na tym komputerze. Jest już zainstalowana.
activate-install-scan = Można też skierować aparat urządzenia na ten kod. Prowadzi on do aplikacji i niczego jeszcze nie aktywuje.
activate-install-qr-alt = Kod QR prowadzący do aplikacji. Zamiast niego można użyć linku powyżej.
activate-install-next = Gdy aplikacja będzie już na urządzeniu, następna strona pokaże, jak ją aktywować.
activate-installed = Dalej: aplikacja jest zainstalowana
activate-scan-ios = Proszę skierować aparat iPhone’a lub iPada na ten kod i otworzyć link. Jeśli pojawi się prośba o zainstalowanie aplikacji, proszę ją zainstalować; sama się otworzy i zacznie.
activate-scan-android = Proszę skierować aparat urządzenia z Androidem na ten kod lub zeskanować go w aplikacji.
activate-scan-windows-mobile = Proszę zeskanować ten kod telefonem i otworzyć link.
activate-compare = Proszę tu wrócić: na obu ekranach pojawi się liczba i trzeba będzie potwierdzić, że jest taka sama.
activate-qr-alt = Kod QR; zamiast niego można użyć linku lub kodu tekstowego poniżej
activate-no-scan = Nie można zeskanować?
activate-link = Otwórz link na tym urządzeniu
activate-type = Proszę samodzielnie otworzyć aplikację, wybrać wpisywanie kodu i podać:
activate-code = Kod aktywacyjny
activate-copied = Kod został skopiowany.
activate-copy-failed = Nie udało się skopiować kodu. Proszę go zaznaczyć i skopiować ręcznie.
activate-server = Serwer
activate-user = Nazwa użytkownika
activate-open-hint = Proszę otworzyć aplikację stąd. Gdy pokaże liczbę, proszę tu wrócić i potwierdzić, że jest taka sama.
activate-open = Otwórz i aktywuj
activate-one-phone = Jeden telefon do logowania i do kodów jednorazowych chroni słabiej niż dwa urządzenia.
activate-here-hint = Proszę aktywować aplikację. Otworzy się obok tej strony; gdy pokaże liczbę, proszę tu wrócić i potwierdzić, że jest taka sama.
activate-here = Aktywuj na tym komputerze
activate-other-computer = Ta strona nie jest otwarta na komputerze z systemem Windows. Można kontynuować tutaj lub wpisać poniższy kod na innym komputerze.
activate-nothing = Nic się nie stało? Wpisz kod
activate-elsewhere = Inne urządzenie? Pokaż kod QR
activate-private = Nie należy nikomu pokazywać tego kodu.
activate-waiting = Czekamy na urządzenie. Ta strona sama przejdzie dalej.
activate-check-now = Sprawdź teraz
activate-lost = Utracono połączenie. Trwa ponawianie prób.
activate-found = Znaleziono urządzenie: { $device }
activate-check = Czy pokazuje tę liczbę?
activate-mine = To moje
activate-not-mine = Nie moje
activate-found-theirs = Czy to właściwe urządzenie: { $device }?
activate-check-hint-theirs = To obce urządzenie? Proszę wybrać „Nie moje”. Wtedy nic nie zostanie dodane.
activate-theirs-get-ios = Proszę zainstalować { $app } z App Store.
activate-theirs-get-android = Proszę zainstalować { $app } z Google Play.
activate-theirs-get-windows-mobile = Proszę zainstalować { $app } na telefonie.
activate-theirs-get-windows-desktop = Proszę zainstalować { $app }.
activate-theirs-scan = Proszę otworzyć aplikację, wybrać w niej skanowanie kodu i skierować aparat na ten kod. Sam aparat telefonu go nie rozpozna.
activate-theirs-open = Otwórz to w aplikacji.
activate-theirs-then = Proszę tu wrócić i powiedzieć, czy to właściwe urządzenie.
activate-theirs-qr-alt = Kod QR dla aplikacji. Jeśli nie można go zeskanować, proszę użyć linku na tej stronie.
kinds-title = Użyj innej aplikacji
kinds-hint = Kod na tej stronie przestanie wtedy działać.
kind-authenticator = Doorward Authenticator
kind-otp = Standardowa aplikacja uwierzytelniająca
kind-push = privacyIDEA Authenticator
activate-check-hint = Widać inną liczbę albo to obce urządzenie? Proszę wybrać „Nie moje”. Wtedy nic nie zostanie dodane.
activate-setting-up = Trwa konfiguracja: { $device }.
activate-setting-up-there = Proszę kontynuować na urządzeniu: może poprosić o PIN, odcisk palca lub twarz oraz o zgodę na powiadomienia.
activate-active = Aktywowano: { $device }.
activate-expired = Ten kod wygasł. Proszę poprosić o nowy.
activate-failed-target-not-allowed = Urządzenia tego rodzaju nie można tu używać. Niczego nie dodano.
activate-failed-second-device = Kod został użyty na drugim urządzeniu, więc stracił ważność dla obu. Niczego nie dodano. Proszę poprosić o nowy kod i nikomu go nie pokazywać.
activate-failed-not-mine = Tamto urządzenie nie może kontynuować i niczego nie dodano. Proszę poprosić o nowy kod i nikomu go nie pokazywać.
activate-failed-wrong-code = Kod wpisano błędnie zbyt wiele razy, więc stracił ważność. Proszę poprosić o nowy.
activate-allowed = Można użyć jednego z tych urządzeń:
activate-tell = Nie wiadomo, czyje to było urządzenie?

## W7, W8: ready
ready-title = Uwierzytelniacz jest gotowy
ready-added = Dodano: { $device }, { $time }
ready-sign-in = Zaloguj się za jego pomocą
ready-text = Proszę wpisać kod jednorazowy, który uwierzytelniacz teraz pokazuje.
ready-text-requests = Ten uwierzytelniacz nie pokazuje kodów. Proszę wysłać do niego prośbę i tam ją zatwierdzić; aplikacja musi być otwarta.
ready-no-requests = Ten uwierzytelniacz odpowiada na prośby, a teraz nie można do niego żadnej wysłać. Proszę skontaktować się z pomocą techniczną.
ready-pin = PIN do tego uwierzytelniacza
ready-pin-hint = Należy go wpisywać razem z każdym kodem jednorazowym i nikomu nie ujawniać.
ready-back = Pokaż kod jeszcze raz

## The end of a sign-in
ended-cancelled-title = Wylogowano
ended-cancelled = Logowanie zostało anulowane. Do konta niczego nie dodano.
ended-superseded-title = Kontynuowano gdzie indziej
ended-superseded = Logowanie było kontynuowane w innej przeglądarce lub na innym urządzeniu. To, co było tu widoczne, jest już nieważne.
ended-expired-title = Czas na zalogowanie minął
ended-expired = Ze względów bezpieczeństwa logowanie trzeba zakończyć w ograniczonym czasie.
ended-again = Zacznij od nowa

## Notices
notice-problem = Wystąpił problem
notice-not-accepted = Nazwa użytkownika lub hasło są nieprawidłowe. Proszę spróbować ponownie.
notice-passcode-not-accepted = Nie przyjęto. Proszę poczekać na następny kod jednorazowy i wpisać właśnie jego.
notice-clock-hint = Kod jest ciągle odrzucany? Proszę sprawdzić, czy zegar urządzenia jest ustawiany automatycznie: kody jednorazowe zależą od czasu.
notice-passcode-used = Ten kod jednorazowy został już użyty. Proszę poczekać na następny.
notice-next-passcode = Kod był poprawny, ale uwierzytelniacz spieszy się lub spóźnia. Proszę wpisać kod jednorazowy, który pokaże jako następny.
notice-challenge-expired = Wyzwanie wygasło. Oto nowe.
notice-pin-charset = Dozwolone są tylko cyfry i litery bez znaków diakrytycznych.
notice-pin-too-short = PIN jest za krótki.
notice-pin-too-long = PIN jest za długi.
notice-pin-needs-upper = Proszę dodać wielką literę.
notice-pin-needs-lower = Proszę dodać małą literę.
notice-pin-needs-digit = Proszę dodać cyfrę.
notice-pin-trivial = Proszę wybrać PIN, który nie jest prostym ciągiem, takim jak 1234 lub 2222.
notice-pin-used-before = Ten PIN był już używany. Proszę wybrać inny.
notice-pin-differs = Podane PIN-y różnią się. Proszę wpisać nowy PIN dwa razy.
notice-empty-pin = Proszę wpisać nowy PIN.
notice-account-locked = Za dużo nieudanych prób na tym koncie. Proszę spróbować ponownie po { $time }.
notice-account-locked-way = W przeglądarce, w której już się wcześniej logowano, można zalogować się od razu. Jeśli próby podejmował ktoś inny, proszę powiadomić pomoc techniczną.
notice-locked = Za dużo nieudanych prób. Proszę spróbować ponownie po { $time }.
notice-code-wrong = { $tries ->
    [one] Ten kod jest nieprawidłowy. Pozostała { $tries } próba.
    [few] Ten kod jest nieprawidłowy. Pozostały { $tries } próby.
    [many] Ten kod jest nieprawidłowy. Pozostało { $tries } prób.
   *[other] Ten kod jest nieprawidłowy. Pozostało { $tries } próby.
}
notice-code-expired = Ten kod wygasł. Proszę wysłać nowy.
notice-code-void = Za dużo błędnych kodów. Proszę wysłać nowy.
notice-code-limit = Poproszono o zbyt wiele kodów. Proszę spróbować ponownie po { $time }.
notice-code-day-limit = Za dużo błędnych kodów dzisiaj. Proszę wrócić po { $time }.
notice-no-email = Do tego konta nie jest przypisany adres e-mail, więc nie można wysłać kodu. Może go dodać pomoc techniczna.
notice-mail-failed = Nie udało się wysłać wiadomości e-mail. Proszę spróbować ponownie; kod będzie ten sam.
notice-code-sent-again = Wysłano nowy kod. Wcześniejsze kody już nie działają.
notice-choose-target = Proszę wybrać jedno z urządzeń.
notice-empty-name = Proszę wpisać nazwę użytkownika.
notice-empty-password = Proszę wpisać hasło.
notice-empty-passcode = Proszę wpisać kod jednorazowy.
notice-empty-code = Proszę wpisać kod weryfikacyjny.
notice-stale-form = Ten krok został już zakończony. Oto bieżący krok.
notice-no-longer-offered = Nie można już samodzielnie dodać uwierzytelniacza. Jak go otrzymać, podpowie pomoc techniczna.
notice-push-off = Nie można teraz wysłać prośby na urządzenie. Proszę wpisać kod jednorazowy lub spróbować ponownie po { $time }.
notice-push-unavailable = Na żadne z urządzeń nie można wysłać prośby. Proszę wpisać kod jednorazowy.
notice-push-off-alone = Nie można teraz wysłać prośby na urządzenie. Proszę spróbować ponownie po { $time }.
notice-push-unavailable-alone = Na to urządzenie nie można wysłać prośby. Proszę skontaktować się z pomocą techniczną.
notice-push-mismatched-alone = Na urządzeniu wpisano inną liczbę niż ta, którą pokazała ta strona. Proszę wysłać nową prośbę.
notice-push-expired-alone = Nie odpowiedziano na prośbę w porę. Proszę wysłać nową.
notice-push-denied = Prośba została odrzucona na urządzeniu. Jeśli zrobił to ktoś inny, proszę powiadomić pomoc techniczną.
notice-push-mismatched = Na urządzeniu wpisano inną liczbę niż ta, którą pokazała ta strona. Proszę wysłać nową prośbę lub wpisać kod jednorazowy.
notice-push-expired = Nie odpowiedziano na prośbę w porę. Proszę wysłać nową lub wpisać kod jednorazowy.
notice-passkey-not-accepted = Klucz dostępu nie został przyjęty. Proszę spróbować ponownie lub użyć innego.
notice-passkey-not-made = Nie utworzono klucza dostępu. Proszę spróbować ponownie.
notice-push-needed = Kod jednorazowy był prawidłowy, ale trzeba tu jeszcze zatwierdzić prośbę na urządzeniu.
notice-not-in-network = Z tej sieci nie można dodać uwierzytelniacza. Proszę skorzystać z sieci organizacji lub zwrócić się do pomocy technicznej.
notice-help-desk-code-wrong = { $tries ->
    [0] Ten kod jest nieprawidłowy. To była ostatnia próba na dziś.
    [one] Ten kod jest nieprawidłowy. Pozostała { $tries } próba.
    [few] Ten kod jest nieprawidłowy. Pozostały { $tries } próby.
    [many] Ten kod jest nieprawidłowy. Pozostało { $tries } prób.
   *[other] Ten kod jest nieprawidłowy. Pozostało { $tries } próby.
}
notice-help-desk-code-over = Dla tego konta nie ma kodu albo kod już wygasł. O nowy proszę poprosić pomoc techniczną.
notice-help-desk-code-limit = Za dużo błędnych kodów dzisiaj. Proszę wrócić po { $time }.
notice-empty-help-desk-code = Proszę wpisać kod otrzymany od pomocy technicznej.

## The portal's start page
start-title = Aplikacje
start-welcome = Witamy, { $name }
start-empty = Nie ma tu jeszcze żadnych dostępnych aplikacji.
start-sign-out = Wyloguj się

## The user's own page
own-title = Uwierzytelniacze
own-empty = Na tym koncie nie ma uwierzytelniacza. Gdy jest, oprócz hasła wymagany jest ciągle zmieniający się kod jednorazowy, więc samo hasło niczego nie otwiera.
own-empty-way = Gdy aplikacja poprosi o kod jednorazowy, można tam skonfigurować uwierzytelniacz, o ile organizacja na to pozwala.
own-start = Przejdź do aplikacji
own-all = Wszystkie uwierzytelniacze
own-thing = Token sprzętowy
own-state = Stan
own-state-active = W użyciu
own-state-locked = Zablokowany do { $time }
own-state-suspended = Zawieszony
own-state-assigned = Jeszcze nieużywany
own-state-locked-pin = Zablokowany na stałe
own-platform = Platforma
own-serial = Numer seryjny
own-added = Dodano
own-used = Ostatnio użyto
own-never = Nigdy
own-now-locked = Po zbyt wielu nieudanych próbach przez pewien czas żaden kod jednorazowy nie jest sprawdzany. Blokada zniknie sama.
own-now-suspended = Nie można się nim logować, dopóki pomoc techniczna nie aktywuje go ponownie.
own-now-assigned = Jest przypisany do konta, ale nie przyjęto jeszcze jego pierwszego kodu jednorazowego. Aby zacząć go używać, wystarczy raz się nim zalogować.
own-now-locked-pin = Zbyt wiele razy wpisano błędny PIN. Uwierzytelniacz można tylko wymienić.
own-answers = Odpowiada na wyzwania. Sam nie pokazuje kodu jednorazowego, więc można go przetestować tylko przez zalogowanie się nim.
own-rename = Zmień nazwę
own-rename-label = Nazwa
own-rename-hint = Widoczna tylko dla właściciela konta i pomocy technicznej. Gdy pole jest puste, widać rodzaj urządzenia.
own-rename-submit = Zapisz nazwę
own-test = Przetestuj kod jednorazowy
own-test-text = Test zużywa kod jednorazowy, tak samo jak logowanie. Błędne kody też się liczą: gdy jest ich za dużo, uwierzytelniacz zostaje na pewien czas zablokowany.
own-test-submit = Przetestuj kod
own-resync = Synchronizuj
own-resync-text = Jeśli kody jednorazowe są ciągle odrzucane, proszę wpisać dwa kody, które uwierzytelniacz pokaże bezpośrednio po sobie. Błędne kody liczą się jako nieudane próby.
own-resync-first = Pierwszy kod jednorazowy
own-resync-second = Następny kod jednorazowy
own-resync-submit = Synchronizuj
own-without-pin = Cyfry: { $digits }, bez PIN-u
own-pin = Zmień PIN
own-pin-rule-new = Inny niż używane wcześniej
own-pin-old = Kod jednorazowy z obecnym PIN-em
own-pin-submit = Zmień PIN
own-lost = Zgłoś utratę
own-lost-title = Czy ten uwierzytelniacz zaginął?
own-lost-effect = Zostanie natychmiast zawieszony, aby nikt nie mógł się nim zalogować. Wszystkie sesje zostaną zakończone, także na tym urządzeniu.
own-lost-back = Jeśli się znajdzie, pomoc techniczna może go ponownie aktywować.
own-lost-submit = Tak, zawieś
own-replace-effect = Zostanie na stałe wycofany z użycia: nikt nie będzie mógł się nim już logować, nawet właściciel konta. Wszystkie sesje zostaną zakończone, także na tym urządzeniu.
own-replace-next = Przy następnym logowaniu można dodać inny uwierzytelniacz.
own-replace-submit = Tak, wycofaj
own-keep = Nie, wróć
own-add = Dodaj kolejny uwierzytelniacz
own-add-title = Dodaj kolejny uwierzytelniacz
own-add-text = Z drugim, na innym urządzeniu, można się zalogować, gdy pierwszego nie ma pod ręką. Wystarczy którykolwiek z nich. Gdy zacznie działać, przyjdzie wiadomość e-mail.
own-add-proof = Najpierw trzeba potwierdzić tożsamość: proszę zalogować się jeszcze raz posiadanym uwierzytelniaczem. Kod odzyskiwania tu nie wystarczy.
own-add-submit = Dodaj
own-proof-submit = Przejdź do logowania
own-remove = Usuń
own-remove-title = Usunąć ten uwierzytelniacz?
own-remove-effect = Nikt nie będzie mógł się już nim zalogować i nie da się go przywrócić. Pozostałe uwierzytelniacze zostają bez zmian.
own-remove-proof = Najpierw trzeba potwierdzić tożsamość: proszę zalogować się jeszcze raz posiadanym uwierzytelniaczem. Kod odzyskiwania tu nie wystarczy.
own-remove-submit = Tak, usuń
passkeys-title = Klucze dostępu
passkeys-text = Klucz dostępu jest przechowywany w telefonie, komputerze, kluczu bezpieczeństwa lub menedżerze haseł, który sprawdza tożsamość. Jest potrzebny po podaniu hasła tam, gdzie wymaga go aplikacja.
passkeys-empty = Nie ma żadnego klucza dostępu.
passkeys-one = Klucz dostępu
passkeys-add = Dodaj klucz dostępu
passkeys-now-suspended = Nie można się nim logować: może istnieć jego kopia albo jego dodanie zostało zakwestionowane. Proszę go usunąć i dodać inny.
passkeys-cannot-add = Teraz nie można dodać kolejnych: potrzebny jest działający uwierzytelniacz, a kluczy dostępu może być najwyżej dziesięć.
passkeys-add-title = Dodaj klucz dostępu
passkeys-add-text = Przeglądarka zapyta, gdzie przechowywać klucz dostępu, a urządzenie sprawdzi tożsamość.
passkeys-add-submit = Utwórz klucz dostępu
passkeys-remove = Usuń ten klucz dostępu
passkeys-remove-title = Usunąć ten klucz dostępu?
passkeys-remove-effect = Nikt nie będzie mógł się już nim zalogować, nawet właściciel konta. Proszę usunąć go także tam, gdzie jest przechowywany.
passkeys-remove-submit = Tak, usuń
passkeys-done-added = Klucz dostępu działa.
passkeys-done-removed = Klucz dostępu został usunięty.
own-recovery = Kody odzyskiwania
own-recovery-none = Na tym koncie ich nie ma. Kod odzyskiwania może raz zastąpić kod jednorazowy, gdy brak dostępu do uwierzytelniacza.
own-recovery-left = { $left ->
    [0] Z dziesięciu kodów nie pozostał żaden. Utworzono je: { $time }.
    [one] Z dziesięciu kodów pozostał { $left }. Utworzono je: { $time }.
    [few] Z dziesięciu kodów pozostały { $left }. Utworzono je: { $time }.
    [many] Z dziesięciu kodów pozostało { $left }. Utworzono je: { $time }.
   *[other] Z dziesięciu kodów pozostało { $left }. Utworzono je: { $time }.
}
own-recovery-make = Utwórz kody odzyskiwania
own-recovery-make-new = Utwórz nowe kody odzyskiwania
own-recovery-needs-passcode = Do ich utworzenia potrzebny jest kod jednorazowy z uwierzytelniacza, który jest w użyciu.
own-recovery-title = Utwórz kody odzyskiwania
own-recovery-text = Powstanie dziesięć kodów do przechowywania na papierze. Każdy z nich może raz zastąpić kod jednorazowy, gdy brak dostępu do uwierzytelniacza.
own-recovery-keep = Jeśli uwierzytelniacz kiedyś zaginie, proszę zalogować się kodem odzyskiwania, zgłosić utratę na stronie „Uwierzytelniacze”, a przy następnym logowaniu dodać inny.
own-recovery-replaces = Utworzone wcześniej kody stracą wtedy ważność.
own-recovery-proof = Kod jednorazowy potwierdza tożsamość i zostaje przy tym zużyty, tak samo jak przy logowaniu. Błędne kody też się liczą.
own-recovery-submit = Utwórz dziesięć kodów
own-codes-title = Kody odzyskiwania
own-codes-once = Proszę je wydrukować lub zapisać na kartce i przechowywać tam, gdzie nikt inny ich nie znajdzie. Nie zostaną pokazane ponownie.
own-codes-use = Przy logowaniu proszę wpisać jeden z nich tam, gdzie wymagany jest kod jednorazowy. Każdy jest ważny tylko raz: użyty proszę skreślić. O każdym użyciu poinformuje wiadomość e-mail.
own-codes-done = Przejdź do uwierzytelniaczy
own-everywhere = Wyloguj się wszędzie
own-everywhere-title = Wylogować się wszędzie?
own-everywhere-effect = Wszystkie sesje zostaną zakończone, we wszystkich przeglądarkach i na wszystkich urządzeniach, także na tym. Uwierzytelniacze pozostaną bez zmian.
own-done-added = Nowy uwierzytelniacz działa. Można się logować dowolnym z poniższych.
own-done-removed = Uwierzytelniacz został usunięty.
own-done-renamed = Nazwa została zapisana.
own-done-tested = Kod jednorazowy był prawidłowy. Jest już zużyty.
own-done-resynced = Uwierzytelniacz jest zsynchronizowany. Proszę zalogować się następnym kodem jednorazowym, który pokaże.
own-done-pin-changed = PIN został zmieniony. Od teraz z każdym kodem jednorazowym należy wpisywać nowy.
notice-label-too-long = Nazwa jest za długa: dozwolona liczba znaków to { $max }.
notice-label-text = Nazwa musi być jednym wierszem widocznych znaków.
notice-not-consecutive = To nie są dwa kolejne kody jednorazowe tego uwierzytelniacza. Proszę poczekać na dwa następne i wpisać je po kolei.
notice-own-not-now = W obecnym stanie tego uwierzytelniacza nie można tego zrobić.
notice-own-not-added = Nie można teraz dodać kolejnego uwierzytelniacza. Jest ich już tyle, ile wolno, albo ich dodawanie jest niedostępne.
notice-own-overtaken = W tej samej chwili wykonano inną czynność z tym uwierzytelniaczem. Niczego nie zmieniono. Proszę spróbować ponownie.

## Pages that say one thing
message-status = Błąd
message-request = Identyfikator żądania
message-continue = Przejdź do strony startowej
message-sign-in-again = Zaloguj się ponownie
message-denied-title = Brak dostępu
message-denied = Zasady dostępu nie pozwalają tu wejść. Jeśli dostęp jest potrzebny, proszę o niego poprosić.
message-denied-app = Zasady dostępu nie pozwalają na wejście do aplikacji { $app }. Jeśli dostęp jest potrzebny, proszę o niego poprosić.
message-passkey-needed-title = Potrzebny jest klucz dostępu
message-passkey-needed = Tutaj potrzebny jest klucz dostępu, a nie ma żadnego, którego można użyć. Proszę dodać go na swojej stronie i wrócić.
message-passkey-needed-app = { $app } wymaga klucza dostępu, a nie ma żadnego, którego można użyć. Proszę dodać go na swojej stronie i wrócić.
message-passkey-needed-add = Przejdź do kluczy dostępu
message-cross-site-title = Nie można przyjąć tego formularza
message-cross-site = Nie pochodzi z żadnej z naszych stron albo strona była otwarta zbyt długo. Proszę wrócić, odświeżyć stronę i spróbować ponownie.
message-bad-request-title = Nie udało się
message-bad-request = Nie można zrozumieć żądania. Proszę wrócić i spróbować ponownie.
message-not-found-title = Nie znaleziono strony
message-not-found = Pod tym adresem nie ma strony. Proszę sprawdzić adres lub zacząć od strony startowej.
message-method-title = Tego nie można tu zrobić
message-method = Ten adres nie przyjmuje takich żądań.
message-too-large-title = Za duże
message-too-large = Wysłane dane są większe, niż można tu przyjąć.
message-unknown-host-title = Nieznana witryna
message-unknown-host = Nie ma tu witryny o tej nazwie. Proszę sprawdzić adres.
message-address-waits-title = Ta sieć musi poczekać
message-address-waits = Z tej sieci rozpoczęto zbyt wiele logowań lub zbyt wiele się nie powiodło. Proszę spróbować ponownie po { $time }.
message-address-waits-way = W przeglądarce, w której już się wcześniej logowano, można kontynuować od razu.
message-too-many-title = Za dużo żądań
message-too-many = Z tej sieci nadeszło za dużo żądań. Proszę odczekać minutę i spróbować ponownie.
message-upstream-title = Aplikacja nie odpowiada
message-upstream = Aplikacja jest teraz niedostępna. Proszę spróbować ponownie za kilka minut.
message-upstream-timeout-title = Aplikacja odpowiada zbyt długo
message-upstream-timeout = Aplikacja nie odpowiedziała w porę. Proszę spróbować ponownie za kilka minut.
message-unavailable-title = Zaraz wracamy
message-unavailable = Logowanie jest teraz niedostępne. Niczego nie zmieniono. Proszę spróbować ponownie za minutę.
message-internal-title = Coś poszło nie tak
message-internal = Błąd jest po naszej stronie i został zapisany. Proszę spróbować ponownie; jeśli się powtórzy, proszę podać pomocy technicznej identyfikator żądania.
message-signed-out-title = Wylogowano
message-signed-out = Wylogowano ze wszystkich aplikacji. Jeśli z tego komputera korzystają też inne osoby, proszę zamknąć przeglądarkę.
message-signed-out-everywhere-title = Wylogowano wszędzie
message-signed-out-everywhere = Wszystkie sesje zostały zakończone, we wszystkich przeglądarkach i na wszystkich urządzeniach.
message-lost-done-title = Uwierzytelniacz jest zawieszony
message-lost-done = Nikt nie może się już nim zalogować, a wszystkie sesje zostały zakończone. Pomoc techniczna może wydać inny lub ponownie aktywować ten, jeśli się znajdzie.
message-replace-done-title = Uwierzytelniacz jest wycofany z użycia
message-replace-done = Nikt nie może się już nim zalogować, a wszystkie sesje zostały zakończone. Przy następnym logowaniu można dodać inny.
message-dispute-look-title = Czy to był ktoś inny?
message-dispute-look = Do konta dodano uwierzytelniacz: { $device }, { $time }.
message-dispute-look-effect = Jeśli dodał go ktoś inny, proszę go teraz zawiesić. Wszystkie sesje na tym koncie zostaną zakończone.
message-dispute-look-you = Jeśli dodał go właściciel konta, wystarczy zamknąć tę stronę. Nic się nie zmieni.
message-dispute-submit = To nie ja: zawieś
message-dispute-done-title = Uwierzytelniacz jest zawieszony
message-dispute-done = Nie można go już używać, a wszystkie sesje zostały zakończone. Proszę zmienić hasło i powiadomić pomoc techniczną o tym, co się stało.
message-dispute-gone-title = Ten link już nie działa
message-dispute-gone = Został już użyty lub ma więcej niż siedem dni. Jeśli na koncie jest obcy uwierzytelniacz, proszę natychmiast powiadomić pomoc techniczną.

## Mail: the verification code
mail-automatic = Ta wiadomość została wysłana automatycznie. Odpowiedzi na nią nie są czytane.
mail-sent = Wysłano: { $time }.
mail-code-subject = Kod weryfikacyjny do { $brand }
mail-code-title = Kod weryfikacyjny
mail-code-intro = Do konta jest dodawany uwierzytelniacz. Proszę wpisać ten kod na stronie, która o niego prosi:
mail-code-intro-app = Do konta jest dodawany uwierzytelniacz potrzebny do logowania do aplikacji { $app }. Proszę wpisać ten kod na stronie, która o niego prosi:
mail-code-valid = { $minutes ->
    [one] Kod jest ważny przez { $minutes } minutę, jeden raz i tylko w przeglądarce, w której o niego poproszono.
    [few] Kod jest ważny przez { $minutes } minuty, jeden raz i tylko w przeglądarce, w której o niego poproszono.
    [many] Kod jest ważny przez { $minutes } minut, jeden raz i tylko w przeglądarce, w której o niego poproszono.
   *[other] Kod jest ważny przez { $minutes } minuty, jeden raz i tylko w przeglądarce, w której o niego poproszono.
}
mail-code-never = Nikt nigdy nie poprosi o ten kod, ani przez telefon, ani w wiadomości e-mail. Nie należy go nikomu przekazywać.
mail-code-not-you = Jeśli poprosił o niego ktoś inny, nie trzeba nic robić: bez tego kodu do konta niczego nie można dodać. Jeśli to się powtórzy, proszę powiadomić pomoc techniczną.

## Mail: an authenticator was added
mail-notice-subject = Dodano uwierzytelniacz do konta w { $brand }
mail-notice-title = Do konta dodano uwierzytelniacz
mail-notice-intro = Od teraz można się nim logować w { $brand } z nazwą użytkownika tego konta.
mail-notice-device = Urządzenie
mail-notice-when = Czas
mail-notice-address = Adres sieciowy
mail-notice-you = Jeśli dodał go właściciel konta, nie trzeba nic robić.
mail-notice-not-you = Dodał go ktoś inny? Proszę otworzyć ten link i potwierdzić. Uwierzytelniacz zostanie natychmiast zawieszony, a wszystkie sesje zakończone.
mail-notice-button = To nie ja
mail-notice-valid = Link działa jeden raz, przez siedem dni.

## Mail: the deadline comes near
mail-reminder-subject = Proszę skonfigurować uwierzytelniacz w { $brand } do { $deadline }
mail-reminder-title = Proszę skonfigurować uwierzytelniacz
mail-reminder-intro = Po { $deadline } w { $brand } będzie wymagany kod jednorazowy. Na tym koncie nie ma jeszcze uwierzytelniacza, który mógłby go pokazać.
mail-reminder-intro-app = Po { $deadline } aplikacja { $app } będzie wymagać kodu jednorazowego. Na tym koncie nie ma jeszcze uwierzytelniacza, który mógłby go pokazać.
mail-reminder-days = { $days ->
    [one] Pozostał { $days } dzień.
    [few] Pozostały { $days } dni.
    [many] Pozostało { $days } dni.
   *[other] Pozostało { $days } dnia.
}
mail-reminder-how = Trwa to około trzech minut. Potrzebne są: dostęp do tej poczty oraz telefon lub komputer. Proszę się zalogować i, gdy pojawi się pytanie, wybrać „Dodaj uwierzytelniacz”.
mail-reminder-button = Zaloguj się
mail-reminder-done = Jeśli uwierzytelniacz został już skonfigurowany, nie trzeba nic robić.

## Mail: an operator has approved
mail-approved-subject = Można już dodać uwierzytelniacz do konta w { $brand }
mail-approved-title = Wniosek został zatwierdzony
mail-approved-intro = Do konta w { $brand } można już dodać uwierzytelniacz. Proszę kontynuować od przerwanego miejsca lub zalogować się ponownie.
mail-approved-button = Zaloguj się
mail-approved-until = Zgoda jest ważna do { $time } i dotyczy jednego uwierzytelniacza.
mail-approved-not-you = O zgodę poprosił ktoś inny? To znaczy, że zna hasło do tego konta. Proszę zmienić hasło i powiadomić pomoc techniczną.

## Mail: a recovery code was used
mail-recovery-subject = Użyto kodu odzyskiwania do konta w { $brand }
mail-recovery-title = Użyto jednego z kodów odzyskiwania
mail-recovery-intro = Aby zalogować się w { $brand } z nazwą użytkownika tego konta, ktoś użył jednego z kodów odzyskiwania. Ten kod jest już zużyty.
mail-recovery-left = { $left ->
    [0] To był ostatni kod.
    [one] Pozostał { $left } kod odzyskiwania.
    [few] Pozostały { $left } kody odzyskiwania.
    [many] Pozostało { $left } kodów odzyskiwania.
   *[other] Pozostało { $left } kodu odzyskiwania.
}
mail-recovery-you = Jeśli kodu użył właściciel konta, nie trzeba nic robić. Na stronie „Uwierzytelniacze” można zgłosić utratę uwierzytelniacza i utworzyć nowe kody.
mail-recovery-button = Uwierzytelniacze
mail-recovery-not-you = Kodu użył ktoś inny? Proszę natychmiast zadzwonić do pomocy technicznej: kody są w obcych rękach.

## Provisioning by email: the mail, the page behind its link, and the console's pages of it
ready-try = Proszę sprawdzić, czy działa
ready-try-submit = Sprawdź kod
mail-provisioning-subject = Proszę skonfigurować uwierzytelniacz w { $brand }
mail-provisioning-title = Proszę skonfigurować uwierzytelniacz
mail-provisioning-intro = Od teraz do logowania w { $brand } potrzebny jest uwierzytelniacz, który pokazuje kod jednorazowy.
mail-provisioning-how = Trwa to około trzech minut. Proszę otworzyć ten link na urządzeniu, na którym ma być uwierzytelniacz.
mail-provisioning-button = Skonfiguruj uwierzytelniacz
mail-provisioning-until = Link działa jeden raz, do { $time }.
mail-provisioning-yours = Jest przeznaczony tylko dla adresata: proszę go nikomu nie przekazywać. W razie wątpliwości, o co chodzi, proszę zadzwonić do pomocy technicznej.
by-mail-ask-title = Proszę skonfigurować uwierzytelniacz
by-mail-ask = Ten link pozwala skonfigurować uwierzytelniacz w { $brand } użytkownikowi { $name }. Jeśli to ktoś inny, proszę zamknąć tę stronę.
by-mail-begin = Skonfiguruj uwierzytelniacz
by-mail-until = Link działa jeden raz, do { $time }. Zużywa go tylko przycisk.
by-mail-phone = Uwierzytelniacz jest przeznaczony na telefon. Proszę otworzyć ten link właśnie tam: zeskanować kod aparatem telefonu.
by-mail-computer = Uwierzytelniacz jest przeznaczony na komputer. Proszę otworzyć tę wiadomość na komputerze.
by-mail-not-used = Nie zużywa to linku.
by-mail-qr-alt = Kod QR tego linku, dla aparatu w telefonie
by-mail-here = Kontynuuj na tym urządzeniu
by-mail-done-title = Uwierzytelniacz jest skonfigurowany
by-mail-done = Od teraz pokazuje kody potrzebne do logowania. Logowanie jeszcze nie nastąpiło.
by-mail-sign-in = Zaloguj się
by-mail-unknown-title = Ten link donikąd nie prowadzi
by-mail-unknown = Jest niepełny albo zastąpiła go nowsza wiadomość. Proszę odszukać najnowszą wiadomość i otworzyć link, który zawiera.
by-mail-used-title = Ten link został już użyty
by-mail-used = Rozpoczęto nim konfigurację, ale jej nie dokończono. O nowy link proszę poprosić pomoc techniczną.
by-mail-enrolled-title = Uwierzytelniacz został skonfigurowany
by-mail-enrolled = Nie trzeba nic więcej robić. Można się nim zalogować.
by-mail-locked-title = Ten link jest zablokowany
by-mail-locked = Konfiguracja nie powiodła się zbyt wiele razy. O nowy link proszę poprosić pomoc techniczną.
by-mail-expired-title = Ten link jest za stary
by-mail-expired = Termin skonfigurowania uwierzytelniacza minął. O nowy link proszę poprosić pomoc techniczną.
by-mail-removed-title = Ten link został wycofany
by-mail-removed = Nie można już nim skonfigurować uwierzytelniacza. Jeśli jest potrzebny, proszę zwrócić się do pomocy technicznej.
by-mail-not-now-title = Teraz nie można skonfigurować żadnego uwierzytelniacza
by-mail-not-now = Jest ich już tyle, ile wolno mieć, albo żadna platforma nie jest dozwolona. Link nie został zużyty. Proszę zwrócić się do pomocy technicznej.
by-mail-over-title = Konfiguracji nie można kontynuować
by-mail-over = W międzyczasie została zakończona albo nie powiodła się zbyt wiele razy. O nowy link proszę poprosić pomoc techniczną.

## The operators' console: frame and menu
console-name = Konsola Doorward
console-skip = Przejdź do treści
console-menu = Menu
console-menu-access = Zarządzanie dostępem
console-menu-settings = Ustawienia
console-menu-tokens = Zarządzanie tokenami
console-menu-policies = Zasady
console-menu-token-policies = Zasady tokenów
console-menu-console = Konsola
console-sign-out = Wyloguj się
console-edit = Edytuj
console-save = Zapisz
console-apply = Zastosuj
console-cancel = Anuluj
console-look = Zobacz
console-nothing = brak
console-all = wszystkie
console-on = Wł.
console-off = Wył.
console-onward = Dalej
console-page-start = Przegląd
console-page-self_provisioning = Rejestracja samoobsługowa
console-page-enrolment_rules = Reguły rejestracji
console-page-appearance = Wygląd
console-page-words = Teksty
console-page-targets = Ustawienia tokenów programowych i OTP push
console-page-token_template = Szablony tokenów
console-page-server_pin_policy = Zasady PIN-u po stronie serwera
console-page-synchronization = Synchronizacja
console-page-lockout = Zasady blokady kont
console-page-operators = Operatorzy
console-page-account = Moje konto

## Console: signing in, being made an operator
console-signin-title = Logowanie operatora
console-signin-server = Serwer wirtualny
console-signin-name = Nazwa operatora
console-signin-submit = Zaloguj się
console-passcode = Kod jednorazowy
console-passcode-hint = Sześć cyfr, które aplikacja uwierzytelniająca teraz pokazuje.
console-signin-refused = Nazwa, hasło lub kod jednorazowy są nieprawidłowe. Kod jednorazowy działa tylko raz: proszę poczekać na następny.
console-signin-waits = Za dużo nieudanych prób. Proszę spróbować ponownie po { $time }.
console-signin-ended = Sesja została zakończona. Proszę zalogować się ponownie.
console-signin-out = Wylogowano.
console-signin-again = Aby kontynuować, proszę się zalogować.
console-setup-title = Skonfiguruj konto operatora
console-setup-text = To zaproszenie do pracy jako operator, w roli: { $role }. Proszę wybrać sposób logowania. Do zakończenia niczego się nie zapisuje.
console-setup-name = Nazwa i hasło
console-setup-factor = Drugi składnik
console-setup-factor-text = Proszę zeskanować kod aplikacją uwierzytelniającą. Aplikacja pokaże kod jednorazowy, co 30 sekund nowy.
console-setup-passcode-hint = Proszę wpisać sześć cyfr, które aplikacja teraz pokazuje. To potwierdzi, że wszystko działa.
console-setup-submit = Zakończ i zaloguj się
console-password-hint = Najmniejsza liczba znaków: { $least }. Dobre jest kilka przypadkowych słów.
console-password-again = Hasło jeszcze raz
console-your-password = Obecne hasło
console-new-password = Nowe hasło
console-fault-name = Proszę wpisać nazwę z 1 do 256 widocznych znaków.
console-fault-name-taken = Operator o tej nazwie już istnieje.
console-fault-password-length = Hasło jest za krótkie.
console-fault-password-is-name = Hasło nie może być takie samo jak nazwa.
console-fault-differs = Podane hasła różnią się.
console-fault-passcode = Ten kod jednorazowy jest nieprawidłowy. Proszę wpisać ten, który aplikacja teraz pokazuje.
console-proof = Potwierdź tożsamość
console-proof-hint = Przy zmianach pytanie pojawia się ponownie po dziesięciu minutach.
console-fault-proof = Hasło lub kod jednorazowy są nieprawidłowe. Kod jednorazowy działa tylko raz: proszę poczekać na następny.
console-fault-proof-empty = Proszę wpisać hasło i kod jednorazowy, który aplikacja teraz pokazuje.
console-fault-proof-waits = Za dużo nieudanych prób. Proszę spróbować później.

## Console: overview
console-attention = Wymaga uwagi
console-all-well = Wszystko w porządku: nic nie wymaga uwagi.
console-counts = W skrócie
console-counts-before = Jeszcze nie przeliczono ponownie. Stan na { $time }.
console-counts-under-way = Trwa liczenie. Proszę sprawdzić ponownie za kilka sekund.
console-count-tokens-active = Tokeny w użyciu
console-count-tokens-assigned = Tokeny przypisane, jeszcze nieaktywowane
console-attention-no-platform = Żadna platforma nie jest dozwolona, więc rejestracja samoobsługowa nie jest nikomu oferowana.
console-attention-no-plugin = Na żadnej dozwolonej platformie nie ma uwierzytelniacza, który spełnia wymagania szablonu tokenów, więc rejestracja samoobsługowa nie jest nikomu oferowana.
console-attention-otp-alone = Zasady dostępu { $what } wymagają kodu jednorazowego bez hasła: kto może czytać pocztę użytkownika, może skonfigurować dla niego uwierzytelniacz.
console-attention-group-gone = Rejestracja samoobsługowa wskazuje grupę, która została usunięta. Nie obejmuje ona nikogo.
console-attention-rule-group-gone = Reguła rejestracji „{ $what }” wskazuje grupę, która została usunięta. Nie obejmuje ona nikogo.
console-attention-mail-waits = Od { $time } wiadomości e-mail czekają na wysłanie, więc nikt nie otrzymuje kodu, od którego zaczyna się rejestracja. Proszę sprawdzić, czy serwer poczty odpowiada.
console-attention-waiting =
    { $count ->
        [one] Jedna osoba czeka na zgodę.
        [few] { $count } osoby czekają na zgodę.
        [many] { $count } osób czeka na zgodę.
       *[other] { $count } osoby czeka na zgodę.
    }
console-attention-approvals = { $count ->
    [few] { $count } czynności czekają na zatwierdzenie.
    [many] { $count } czynności czeka na zatwierdzenie.
    [one] Jedna czynność czeka na zatwierdzenie.
   *[other] { $count } czynności czeka na zatwierdzenie.
}
console-attention-collect = { $count ->
    [few] Zatwierdzono { $count } zgłoszone czynności: można je teraz wykonać.
    [many] Zatwierdzono { $count } zgłoszonych czynności: można je teraz wykonać.
    [one] Zatwierdzono jedną zgłoszoną czynność: można ją teraz wykonać.
   *[other] Zatwierdzono { $count } zgłoszonej czynności: można je teraz wykonać.
}
console-attention-locked = Tokeny zablokowane po błędnych kodach jednorazowych: { $what }.
console-attention-certificate = Koniec ważności certyfikatu dla { $what }: { $time }.
console-attention-certificate-over = Certyfikat dla { $what } stracił ważność: { $time }.

## Console: settings in general
console-saved = Zapisano.
console-unchanged = Niczego nie zmieniono.
console-choose-again = Pola odpowiadają teraz dokonanemu wyborowi. Proszę je przejrzeć i zastosować.
console-conflict = Ktoś inny był szybszy
console-conflict-text = W czasie edycji wprowadzono tu inne zmiany. Niczego z tego formularza nie zapisano. Wpisane wartości są nadal poniżej; kontynuacja zastąpi nimi te zmiany:
console-conflict-again = W czasie przeglądania wprowadzono tu inne zmiany, więc niczego nie wykonano. Poniżej widać obecny stan; jeśli czynność jest nadal potrzebna, proszę ją powtórzyć. Wprowadzone zmiany:
console-log = Dziennik zmian
console-log-empty = Niczego jeszcze nie zmieniono.
console-note-new-tokens = Dotyczy tokenów rejestrowanych od teraz.
console-note-targets = Zarejestrowane tokeny działają nadal, gdy platforma przestaje być dozwolona; wstrzymane są tylko nowe rejestracje.

## Console: Self-Provisioning
console-section-target-users = Użytkownicy docelowi
console-section-target-users-hint = Komu oferować dodanie uwierzytelniacza, gdy wymagany jest kod jednorazowy, a użytkownik nie ma żadnego uwierzytelniacza.
console-field-target_users-mode = Oferowana
console-choice-target_users-mode-all = Wszystkim użytkownikom
console-choice-target_users-mode-only_groups = Tylko członkom tych grup
console-choice-target_users-mode-except_groups = Wszystkim użytkownikom oprócz członków tych grup
console-choice-target_users-mode-none = Żadnym użytkownikom
console-field-target_users-groups = Grupy
console-group-add = Dodaj grupę
console-group-add-hint = Tylko dla dwóch opcji, które wskazują grupy. Członkowie grup podrzędnych też się liczą.
console-group-add-button = Dodaj
console-group-gone = usunięta
console-section-platforms = Platformy docelowe
console-no-platform = Żadna platforma nie jest dozwolona.
console-platforms-link = Ustawienia tokenów programowych i OTP push
console-section-windows = Windows 10
console-section-windows-hint = Jak użytkownicy uzyskują aplikację na komputerze, na którym się logują.
console-field-windows_link = Link
console-choice-windows_link-none = Nie pokazuj linku do instalacji aplikacji
console-choice-windows_link-none-hint = Jest już zainstalowana.
console-choice-windows_link-store = Pokazuj link do aplikacji w Microsoft Store
console-choice-windows_link-installer = Pokazuj link do instalatora (.exe)
console-field-installer_url = Adres URL instalatora
console-field-installer_url-hint = Adres https:// dostępny dla użytkowników. Tylko z opcją instalatora.
console-section-stores = Sklepy z aplikacjami
console-section-stores-hint = Gdzie można znaleźć nasz własny uwierzytelniacz, jeśli został tam opublikowany. Gdy pole jest puste, link prowadzi do jego własnej strony instalacji.
console-field-app_store_url = Adres URL w App Store
console-field-app_store_url-hint = Dla iPhone’a i iPada. Adres https://.
console-field-google_play_url = Adres URL w Google Play
console-field-google_play_url-hint = Dla Androida. Adres https://.
console-field-microsoft_store_url = Adres URL w Microsoft Store
console-field-microsoft_store_url-hint = Dla systemu Windows, z opcją linku do Microsoft Store. Adres https://.
console-section-other-apps = Inne aplikacje
console-section-other-apps-hint = Jakich aplikacji mogą używać użytkownicy.
console-field-other_apps = Inna aplikacja niż proponowana jako pierwsza
console-field-other_apps-hint = Podczas konfigurowania tokenu użytkownicy mogą wybrać dowolną aplikację, która spełnia wymagania szablonu. Gdy ta opcja jest wyłączona, proponowana jest pierwsza odpowiednia.
console-section-several = Kilka uwierzytelniaczy
console-section-several-hint = Kolejne po pierwszym użytkownicy dodają na swojej stronie, i to tylko zaraz po zalogowaniu się uwierzytelniaczem: hasło i skrzynka pocztowa nie wystarczą.
console-field-max_tokens = Uwierzytelniacze użytkownika
console-field-max_tokens-hint = Od 1 do 5. Tokeny sprzętowe też się liczą. Jeśli użytkownik ma ich więcej, niż wolno, pozostają.
console-section-recovery = Odzyskiwanie dostępu
console-section-recovery-hint = Jak mają się logować użytkownicy, którzy utracili uwierzytelniacz.
console-field-recovery_codes = Kody odzyskiwania
console-field-recovery_codes-hint = Użytkownicy mogą na swojej stronie utworzyć dziesięć kodów, każdy do jednokrotnego użycia. Taki kod zastępuje kod jednorazowy, a kto zalogował się kodem odzyskiwania, może wycofać z użycia utracony uwierzytelniacz i dodać inny. Gdy ta opcja jest wyłączona, utworzone wcześniej kody nie są przyjmowane.
console-kinds = Które uwierzytelniacze to potrafią
console-kinds-hint = Na dozwolonych platformach, zgodnie z tym, co zapisano.
console-kinds-hint-editing = Na dozwolonych platformach, zgodnie z tym, co ostatnio wysłano.
console-kinds-none-for = Żaden uwierzytelniacz tego nie potrafi na platformie { $target }: nikomu się go tam nie proponuje.
console-kinds-kind = Uwierzytelniacz
console-kinds-fits = Tak
console-warning-no-exe = Adres instalatora nie kończy się na .exe.
console-preview = Podgląd jako użytkownik
console-preview-hint = Czy według zapisanych ustawień użytkownikowi byłaby teraz oferowana rejestracja samoobsługowa.
console-preview-name = Nazwa użytkownika
console-preview-submit = Podgląd
console-preview-offered = Oferowana.
console-preview-not-offered = Nieoferowana.
console-preview-yes = Użytkownik wybierałby z tych platform:
console-preview-unknown-user = Nie ma użytkownika o tej nazwie.
console-preview-disabled = Użytkownik jest wyłączony.
console-preview-has-token = Użytkownik ma już token.
console-preview-no-users = Nie jest oferowana żadnym użytkownikom.
console-preview-not-in-groups = Użytkownik nie należy do żadnej z grup.
console-preview-excluded = Użytkownik należy do wykluczonej grupy.
console-preview-no-platform = Żadna platforma nie jest dozwolona.
console-preview-no-plugin = Żaden uwierzytelniacz nie spełnia wymagań szablonu tokenów.
console-preview-begins = Reguła rejestracji tego użytkownika zaczyna obowiązywać: { $time }.
console-preview-not-reached = Reguła rejestracji jeszcze nie obejmuje tego użytkownika: nie mieści się on w jej odsetku.

## Console: Enrolment Rules
console-section-rules = Reguły
console-section-rules-hint = Jak osoby, którym oferowana jest rejestracja samoobsługowa, otrzymują token. Reguły są sprawdzane od pierwszej do ostatniej; liczy się tylko pierwsza, która pasuje do użytkownika.
console-rule-everybody = wszyscy
console-rule-percentage = { $percentage }% z nich
console-rule-from = od { $day }
console-rule-until = można odłożyć do { $day }
console-rule-at-once = nie można odłożyć
console-rule-networks = tylko z sieci
console-rule-proof-trusted_network = tylko z zaufanej sieci
console-rule-proof-operator_approval = zgoda operatora
console-rule-proof-help_desk_code = kod pomocy technicznej
console-rule-probation = okres próbny: { $hours } h
console-rule-up = W górę
console-rule-down = W dół
console-rule-none-fits = Użytkownik, do którego nie pasuje żadna reguła, może zarejestrować token od razu, z samym kodem z wiadomości e-mail, i nie może tego odłożyć.
console-rules-empty = Nie ma reguł: każdy, komu oferowana jest rejestracja samoobsługowa, może zarejestrować token od razu, z samym kodem z wiadomości e-mail, i nie może tego odłożyć. Reguła pozwala zacząć od kilku osób, wyznaczyć ostatni dzień lub wymagać czegoś więcej niż kodu.
console-rules-full = Nie można dodać więcej reguł.
console-task-rule-new = Dodaj regułę
console-task-rule-edit = Edytuj regułę
console-task-rule-up = Przesuń regułę w górę
console-task-rule-up-text = Reguła będzie sprawdzana przed tą, która jest nad nią.
console-task-rule-down = Przesuń regułę w dół
console-task-rule-down-text = Reguła będzie sprawdzana po tej, która jest pod nią.
console-task-rule-remove = Usuń regułę
console-task-rule-remove-text = Użytkowników, do których pasuje, obejmie następna pasująca reguła albo żadna. Kto ma token, zachowa go, a rozpoczęty okres próbny będzie trwał dalej.
console-field-rule = Reguła
console-field-rule-place = Pozycja
console-field-rule-name = Nazwa
console-field-rule-name-hint = Tak nazywają ją operatorzy.
console-field-rule-groups = Grupy
console-field-rule-groups-hint = Dla kogo jest reguła; dla wszystkich, gdy nie podano żadnej grupy. Członkowie grup podrzędnych też się liczą.
console-field-rule-percentage = Odsetek
console-field-rule-percentage-hint = Ilu z każdych stu takich użytkowników obejmuje reguła: od 1 do 100. Kogo obejmuje mniejszy odsetek, tego obejmie i większy. Pozostałym rejestracja nie jest jeszcze oferowana.
console-field-rule-starts_on = Pierwszy dzień
console-field-rule-starts_on-hint = Od kiedy rejestracja jest oferowana (UTC); od razu, gdy nie podano dnia.
console-field-rule-deadline = Termin
console-field-rule-deadline-hint = Ostatni dzień, do którego użytkownicy mogą odkładać rejestrację (UTC), o ile zasady dostępu wpuszczają ich do tego czasu bez tokenu. Gdy go nie podano, odłożyć jej nie można. Osoby bez tokenu dostają przypomnienie e-mailem na 7 dni, 3 dni i 1 dzień przed terminem.
console-field-rule-proof = Dodatkowe potwierdzenie
console-field-rule-proof-hint = Co jest wymagane oprócz kodu z wiadomości e-mail, zanim ktoś otrzyma token.
console-choice-rule-proof-none = Nic
console-choice-rule-proof-none-hint = Kto ma hasło użytkownika i dostęp do jego poczty, otrzyma token.
console-choice-rule-proof-trusted_network = Zaufana sieć
console-choice-rule-proof-trusted_network-hint = Rejestracja jest oferowana tylko osobom łączącym się z jednej z poniższych sieci.
console-choice-rule-proof-operator_approval = Zgoda operatora
console-choice-rule-proof-operator_approval-hint = Użytkownik prosi o nią i czeka; operator zatwierdza lub odrzuca wniosek w konsoli.
console-choice-rule-proof-help_desk_code = Kod pomocy technicznej
console-choice-rule-proof-help_desk_code-hint = Użytkownik dzwoni; kto go zna, wydaje mu kod na jego stronie w konsoli.
console-field-rule-networks = Sieci
console-field-rule-networks-hint = Tylko z opcją zaufanej sieci. Po jednej w wierszu: 10.0.0.0/8, 2001:db8::/32 lub pojedynczy adres.
console-field-rule-probation_hours = Okres próbny
console-field-rule-probation_hours-hint = Liczba godzin okresu próbnego nowego tokenu: od 0 do 720. Zasady dostępu określają, co pozostaje wtedy niedostępne.
console-fault-network = „{ $value }” nie jest ani siecią, na przykład 10.0.0.0/8, ani adresem.
console-fault-host-bits = „{ $value }” wskazuje komputer, a nie sieć. Sieć to { $network }.

## Console: Appearance
console-section-look = Nazwa i kolor
console-section-look-hint = Co użytkownicy widzą na każdej stronie portalu.
console-section-logo = Logo
console-section-logo-hint = Widoczne na górze każdej strony, obok nazwy.
console-section-help = Pomoc
console-section-help-hint = Widoczna tam, gdzie użytkownik może nie wiedzieć, co dalej.
console-section-languages = Języki
console-section-languages-hint = Które języki użytkownicy mogą wybrać.
console-section-words = Teksty
console-section-words-hint = Własne teksty zamiast naszych, w portalu i w jego wiadomościach e-mail.
console-field-product_name = Nazwa produktu
console-field-product_name-hint = Na górze każdej strony i wiadomości e-mail: od 1 do 64 znaków. Gdy pole jest puste, widać nazwę serwera wirtualnego.
console-field-accent = Kolor akcentu
console-field-accent-hint = Dla przycisków i linków: # i sześć znaków od 0 do 9 lub od a do f, na przykład #2447b5. Białe litery muszą być na nim czytelne. Na ciemnych ekranach jest automatycznie rozjaśniany.
console-colour-show = Pokaż
console-field-logo = Obraz
console-field-logo-hint = PNG, JPEG lub WebP, najwyżej 64 KiB.
console-logo-alt = Logo
console-logo-none = Nie ma logo; zamiast niego widać logo Doorward.
console-field-support = Kontakt do pomocy technicznej
console-field-support-hint = Do kogo się zwrócić: jeden wiersz, najwyżej 200 znaków, na przykład z numerem telefonu.
console-field-support_url = Adres pomocy technicznej
console-field-support_url-hint = Zaczyna się od https://, mailto: lub tel:.
console-field-languages = Oferowane
console-field-languages-hint = Wszystkie, gdy nie zaznaczono żadnego.
console-field-default_language = Język domyślny
console-field-default_language-hint = Dla osób, których język nie jest oferowany; angielski, gdy nie wybrano żadnego.
console-field-texts = Teksty
console-task-appearance-logo = Wyślij logo
console-task-appearance-logo-text = Natychmiast zastąpi poprzednie.
console-task-appearance-logo-remove = Usuń logo
console-task-appearance-logo-remove-text = Zamiast niego będzie znowu widać logo Doorward.
console-task-appearance-words-reset = Przywróć wszystkie teksty
console-task-appearance-words-reset-text = Wszystkie własne teksty (język: { $what }) znikną i znowu będą pokazywane nasze.
console-words-none = Nie zastąpiono żadnego tekstu.
console-words-text = Puste pole oznacza nasz tekst. To, co jest w nawiasach klamrowych, zostanie uzupełnione.
console-words-may-say = W nawiasach klamrowych można podać:
console-words-find = Nazwa lub tekst zawiera
console-words-own = Tylko zastąpione
console-words-replaced = zastąpiony
console-words-reset = Przywróć
console-words-none-found = Nie ma takiego tekstu.

## Console: Software Token & Push OTP Settings
console-section-targets = Dozwolone platformy i ustawienia powiadomień push
console-section-targets-hint = Na czym wolno rejestrować tokeny i dokąd wysyłać powiadomienia push. Kolumny „Dozwolona” i „Doorward Authenticator” idą w parze.
console-targets-table = Platformy
console-targets-os = System operacyjny
console-targets-device = Typ urządzenia
console-column-allowed = Dozwolona
console-column-app = Doorward Authenticator
console-column-push = Powiadomienia push włączone
console-os-android = Android
console-os-ios = iOS
console-os-windows-mobile = Windows 10 Mobile
console-os-windows-desktop = Windows 10
console-device-android = Telefon/tablet
console-device-ios = Telefon/tablet
console-device-windows-mobile = Telefon
console-device-windows-desktop = Komputer/tablet
console-target-android = Android, telefon/tablet
console-target-ios = iOS, telefon/tablet
console-target-windows-mobile = Windows 10 Mobile, telefon
console-target-windows-desktop = Windows 10, komputer/tablet

## Console: Token Templates
console-section-passcode = Kod jednorazowy
console-field-type = Typ
console-token-type = Doorward Authenticator
console-field-mode = Tryb
console-choice-mode-quick_log = Szybkie logowanie
console-choice-mode-quick_log-hint = Zalecane. Do aplikacji nie trzeba niczego wpisywać.
console-choice-mode-challenge_response = Wyzwanie i odpowiedź
console-choice-mode-challenge_response-hint = Użytkownik wprowadza wyzwanie do aplikacji i wpisuje jej odpowiedź.
console-field-length = Długość
console-field-length-hint = Liczba znaków kodu jednorazowego.
console-field-synchronization-by = Synchronizacja
console-choice-synchronization-by-time = Oparta na czasie
console-choice-synchronization-by-event = Oparta na zdarzeniach
console-field-synchronization = Synchronizacja
console-field-synchronization-time-step = Liczba sekund do następnego kodu jednorazowego
console-field-synchronization-time-step-hint = Standardowe aplikacje uwierzytelniające są oferowane tylko przy 30 i 60 sekundach.
console-field-synchronization-event-look_ahead = Liczba kliknięć, po których trzeba wygenerować nowy kod jednorazowy
console-field-synchronization-event-look_ahead-hint = Od 1 do 100.
console-section-pin = PIN
console-field-pin_type = Typ PIN-u
console-choice-pin_type-none = Bez PIN-u
console-choice-pin_type-none-hint = Wystarczy sam kod jednorazowy.
console-choice-pin_type-user_selected = PIN wybierany przez użytkownika
console-choice-pin_type-user_selected-hint = Aplikacja pyta o niego, zanim pokaże kod jednorazowy.
console-choice-pin_type-server_side = PIN użytkownika po stronie serwera
console-choice-pin_type-server_side-hint = Wpisywany razem z kodem jednorazowym; obowiązują zasady PIN-u po stronie serwera.
console-choose-fields = Pokaż pola dla tego wyboru
console-field-pin_length = Długość PIN-u
console-field-pin_length-hint = Najmniejsza liczba znaków: od 4 do 8.
console-field-allow_trivial_pins = Zezwalaj na proste PIN-y
console-field-allow_trivial_pins-hint = Takie jak 1234 lub 2222.
console-field-max_pin_attempts = Maks. liczba prób PIN-u
console-field-max_pin_attempts-hint = Dozwolona liczba błędnych PIN-ów z rzędu: od 1 do 15. Kolejny blokuje token do czasu ponownej rejestracji.
console-field-min_pin_complexity = Min. złożoność PIN-u
console-choice-min_pin_complexity-decimal = Podstawowa
console-choice-min_pin_complexity-decimal-hint = Cyfry, litery lub jedno i drugie.
console-choice-min_pin_complexity-strong_alphanumeric = Silna alfanumeryczna
console-choice-min_pin_complexity-strong_alphanumeric-hint = Co najmniej jedna wielka litera, jedna mała litera i jedna cyfra.
console-tester = Wypróbuj PIN
console-tester-hint = Próbka oceniana według reguł obecnych w tym formularzu. Nie należy używać niczyjego prawdziwego PIN-u.
console-tester-submit = Wypróbuj
console-tester-accepted = Ten PIN zostałby przyjęty.
console-field-allow_biometric_pin = Zezwalaj na PIN biometryczny
console-field-allow_biometric_pin-hint = PIN można zastąpić odciskiem palca lub twarzą. Dotyczy tylko rejestracji.

## Console: Server-side PIN Policy
console-section-pin-use = Użycie
console-field-change_on_first_use = Wymagaj zmiany PIN-u przy pierwszym użyciu (operator nie może tego pominąć)
console-field-force_random = Wymuszaj losowe PIN-y (operator nie może tego pominąć)
console-field-order = Kolejność przetwarzania PIN-u
console-choice-order-prepend = PIN przed kodem jednorazowym
console-choice-order-append = PIN po kodzie jednorazowym
console-section-pin-form = Postać
console-field-min_length = Minimalna długość
console-field-min_length-hint = Od 3 do 15.
console-field-max_length = Maksymalna długość
console-field-max_length-hint = Od 4 do 16.
console-field-generated_length = Domyślna długość generowanego PIN-u
console-field-generated_length-hint = Między powyższymi dwiema.
console-field-complexity = Minimalna złożoność
console-choice-complexity-decimal = Podstawowa
console-choice-complexity-decimal-hint = Cyfry, litery lub jedno i drugie.
console-choice-complexity-strong_alphanumeric = Silna alfanumeryczna
console-choice-complexity-strong_alphanumeric-hint = Co najmniej jedna wielka litera, jedna mała litera i jedna cyfra.
console-field-allow_trivial = Zezwalaj na proste PIN-y
console-field-allow_trivial-hint = Takie jak 1234 lub 2222.
console-section-pin-change = Zmiana
console-field-change_after_days = Częstotliwość zmiany
console-field-change_after_days-hint = Liczba dni, po których PIN trzeba zmienić: od 0 do 365, 0 oznacza nigdy.
console-field-history = Liczba PIN-ów, których nie można użyć ponownie
console-field-history-hint = Od 0 do 10, licząc od najnowszego.

## Console: Synchronization
console-section-time = Tokeny oparte na czasie
console-section-time-hint = Kod jednorazowy w oknie wewnętrznym loguje. Kod w oknie zewnętrznym nie: w ciągu trzech minut wymagany jest następny.
console-field-inner_steps = Okno wewnętrzne
console-field-inner_steps-hint = Liczba kroków czasowych w każdą stronę: od 0 do 10.
console-field-outer_steps = Okno zewnętrzne
console-field-outer_steps-hint = Liczba kroków czasowych w każdą stronę: do 100, nie mniej niż w oknie wewnętrznym.
console-section-event = Tokeny oparte na zdarzeniach
console-section-event-hint = Ich okno wewnętrzne określa szablon tokenów.
console-field-outer_events = Okno zewnętrzne
console-field-outer_events-hint = Liczba kliknięć naprzód: od 1 do 1000.

## Console: Account Lockout Policy
console-section-account = Konta
console-section-account-hint = Z przeglądarek, których konto nie zna. Przeglądarki, w której użytkownik już się wcześniej logował, obcy nie zablokują.
console-field-account_failures = Próg blokady konta
console-field-account_failures-hint = Dozwolona liczba błędnych haseł z rzędu: od 0 do 50, 0 oznacza brak blokady.
console-field-account_minutes = Czas blokady
console-field-account_minutes-hint = W minutach: od 1 do 1440.
console-section-token = Tokeny
console-field-token_failures = Próg blokady tokenu
console-field-token_failures-hint = Dozwolona liczba błędnych kodów jednorazowych z rzędu: od 1 do 50.
console-field-token_minutes = Czas blokady tokenu
console-field-token_minutes-hint = W minutach: od 1 do 1440.

## Console: access policies
console-page-access_policies = Zasady
console-page-explain = Wyjaśnienie decyzji
console-page-cases = Przypadki
console-page-replay = Powtórka
console-page-shadow = Zasady w cieniu
console-page-decisions = Zapisane decyzje
console-policies-pages = Strony zasad
console-policies-tab-list = Zasady
console-policies-tab-explain = Wyjaśnienie
console-policies-tab-cases = Przypadki
console-policies-tab-replay = Powtórka
console-policies-tab-shadow = Cień
console-policies-tab-decisions = Zapisane decyzje
console-policies-text = Kto dokąd ma dostęp. Zasady są plikami obok bramy: zmienia się je tam, nie tutaj, a wczytywane są przy uruchomieniu i przy przeładowaniu.
console-policies-count = Liczba
console-policies-loaded = Wczytano
console-policies-fingerprint = Odcisk
console-policies-find = Identyfikator, aplikacja, plik lub treść zasady
console-policies-none = Nie ma takiej zasady.
console-policies-empty = Nie ma żadnej zasady, więc nikt nie ma dostępu.
console-policies-line = wiersz { $what }
console-policies-app = dla { $what }
console-policies-any-app = dla każdej aplikacji
console-policies-comment = Co napisano powyżej
console-policies-source = Treść zasady
console-effect-permit = zezwala
console-effect-forbid = zabrania
console-decision-admit = Dopuszczone
console-decision-challenge = Dalszy dowód
console-decision-refuse = Odrzucone
console-factor-password = hasło
console-factor-otp = kod jednorazowy
console-factor-push = push
console-factor-passkey = klucz dostępu
console-explain-text = Co obowiązujące zasady postanowiłyby o żądaniu i dlaczego. Niczego to nie zmienia ani nie zapisuje.
console-explain-answer = Co zostałoby postanowione
console-explain-nothing-permits = Żadna zasada na to nie zezwala.
console-explain-disabled = Ten użytkownik jest wyłączony i nie może się zalogować.
console-explain-groups = Grupy
console-explain-from = Skąd
console-explain-at = Kiedy
console-explain-policies = Warunek po warunku
console-explain-no-policy = Żadna zasada nie dotyczy tej aplikacji, więc nikt nie wejdzie.
console-explain-suppose = Założone żądanie
console-explain-submit = Wyjaśnij
console-explain-user = Użytkownik
console-explain-user-hint = Nazwa logowania. Puste: nikt zalogowany.
console-explain-groups-hint = Nazwy oddzielone przecinkami, zamiast grup użytkownika; nie musi on wtedy istnieć.
console-explain-app = Aplikacja
console-explain-method = Metoda
console-explain-path = Ścieżka
console-explain-path-hint = Jak w pasku adresu, bez tego, co następuje po „?”.
console-explain-address = Adres lub sieć
console-explain-address-hint = 192.0.2.7 lub 10.0.0.0/8; z sieci brany jest pierwszy adres.
console-explain-time = Chwila
console-explain-time-hint = 2026-12-24T18:00:00Z. Puste: teraz.
console-explain-secure = Przychodzi przez TLS
console-explain-proved = Co udowodniono
console-explain-proved-hint = Jak dawno wcześniej: 0s, 90s, 5m, 2h, 1d. Puste: wcale.
console-explain-deferred = Rejestracja jest odłożona
console-explain-probation = Token jest w okresie próbnym
console-fault-path = Brama odrzuca tę ścieżkę, zanim zapyta jakąkolwiek zasadę: { $why }.
console-fault-path-form = Ścieżka zaczyna się od „/” i nie zawiera „?” ani „#”.
console-fault-age = Proszę wpisać 0s, 90s, 5m, 2h lub 1d.
console-fault-time = Proszę wpisać chwilę, np. 2026-12-24T18:00:00Z.
console-policy-held = spełniona
console-policy-not-held = niespełniona
console-policy-error = nie dała się ocenić
console-policy-decided = rozstrzygnęła
console-clause-held = spełniony
console-clause-failed = niespełniony
console-clause-not-reached = nieosiągnięty
console-clause-error = błąd
console-cases-text = Żądania zapisane wraz z tym, co zasady muszą postanowić: pliki *.toml z folderu „cases” obok zasad.
console-cases-empty = Obok zasad nie ma przypadków.
console-cases-run = Sprawdź przypadki
console-cases-again = Sprawdź ponownie
console-cases-passed = Zgodnie z oczekiwaniem: { $count }
console-cases-failed = Inaczej: { $count }
console-cases-none = W tym pliku nie ma przypadku.
console-case-passed = zgodnie z oczekiwaniem
console-case-failed = inaczej
console-replay-text = Co zmienione zasady postanowiłyby o zapisanych żądaniach. Nic nie wchodzi w życie.
console-replay-broken = Te zasady są błędne
console-replay-answer = Co byłoby inaczej
console-replay-no-records = Nic jeszcze nie zapisano, więc nie ma czego rozstrzygać ponownie.
console-replay-looked = Zapisy: { $records }, reprezentujące żądania: { $requests }, od { $time }.
console-replay-incomplete = Jest ich więcej, niż można rozstrzygnąć w jednej chwili: to były najnowsze.
console-replay-same = Każde zapisane żądanie zostałoby rozstrzygnięte tak jak wtedy.
console-replay-users = Użytkownicy: { $count }
console-replay-requests = Żądania: { $count }
console-replay-then = stałoby się
console-replay-example = Na przykład
console-replay-left-out = Niepokazane: { $count }
console-replay-propose = Zmienione zasady
console-replay-propose-text = Proszę zmienić pliki poniżej albo wybrać zmienione. Opróżniony plik jest pomijany.
console-replay-changed = zmieniony
console-replay-new-file = Jeszcze jeden plik
console-replay-new-file-hint = Jego zasady dołączają do pozostałych.
console-replay-files = Pliki
console-replay-files-hint = Każdy zastępuje plik o swojej nazwie albo dołącza do pozostałych.
console-replay-submit = Rozstrzygnij ponownie
console-replay-reset = Obowiązujące zasady
console-fault-replay-busy = Trwa inna powtórka. Proszę spróbować za chwilę.
console-fault-not-text = Plik nie jest tekstem.
console-difference-same = Tak samo
console-difference-lose = Straciłby dostęp
console-difference-gain = Zyskałby dostęp
console-difference-step = Musiałby udowodnić coś innego
console-shadow-text = Zasady pytane przy każdej decyzji obok obowiązujących. Nie zmieniają żadnej odpowiedzi; to, co postanowiłyby inaczej, jest liczone i zapisywane.
console-shadow-empty = Nie ma zasad w cieniu.
console-shadow-how = w konfiguracji wskazuje ich folder.
console-shadow-broken = Są błędne, więc nie są pytane
console-shadow-folder = Folder
console-shadow-said = Co powiedziały
console-shadow-nothing-yet = Nie zostały jeszcze zapytane albo jeszcze tego nie policzono: trwa to kilka sekund.
console-shadow-differences = Gdzie powiedziały co innego
console-shadow-all = Wszystko
console-shadow-no-differences = Jak dotąd nigdzie.
console-decisions-text = Co ostatnio postanowiono: jeden zapis dla wszystkich podobnych żądań dnia. Są liczone i niczego nie dowodzą; od tego jest dziennik audytu.
console-decisions-empty = Nic jeszcze nie zapisano. Zapis odbywa się co kilka sekund.
console-decisions-none = Niczego takiego nie zapisano.
console-decisions-searching = Nie przejrzano wszystkiego. Proszę przejść do następnej części.
console-decisions-days = Ile się przechowuje
console-decisions-records = Zapisy: { $count }
console-decisions-left-out = Pominięte żądania: { $count }
console-decision-day = Dzień
console-decision-who = Kto
console-decision-nobody = nikt zalogowany
console-decision-request = Żądanie
console-decision-network = Sieć
console-decision-proved = Udowodniono
console-decision-decided = Decyzja
console-decision-count = Żądania
console-decision-shadow = Cień:
console-decision-explain = Wyjaśnij

## Console: operators
console-role-administrator = Administrator
console-role-help_desk = Pomoc techniczna
console-role-auditor = Audytor
console-role-hint-administrator = Może robić wszystko.
console-role-hint-help_desk = Widzi wszystko; zajmuje się użytkownikami i ich tokenami.
console-role-hint-auditor = Widzi wszystko, niczego nie zmienia.
console-operator-role = Rola
console-operator-state = Stan
console-operator-since = Od
console-operator-last = Ostatnie logowanie
console-operator-seen = ostatnie logowanie: { $time }
console-operator-you = to konto
console-operator-enabled = Włączony
console-operator-disabled = Wyłączony
console-operator-disable = Wyłącz
console-operator-disable-hint = Operator nie będzie mógł się już logować, a jego sesje zostaną natychmiast zakończone.
console-fault-last-administrator = Ostatniego administratora nie można wyłączyć ani nadać mu innej roli. Dopóki cokolwiek wymaga dwóch operatorów, dwaj ostatni pozostają.
console-invite = Zaproś operatora
console-invite-hint = Powstanie link do przekazania. Kto go otworzy, wybierze nazwę, hasło i drugi składnik.
console-invite-submit = Utwórz link
console-invited-title = Link jest gotowy
console-invited-text = Proszę przekazać ten link przyszłemu operatorowi (rola: { $role }). Działa jeden raz, do { $time }.
console-invited-hint = Widać go tu tylko teraz. Kto go ma, zostaje operatorem, więc proszę go przekazać tak, aby nikt inny go nie przeczytał.
console-account-password = Zmiana hasła
console-account-submit = Zmień hasło
console-account-changed = Hasło zostało zmienione.

## Console: approvals
console-page-pending = Zatwierdzenia
console-page-approvals = Co wymaga dwóch operatorów
console-approvals-hint = To, co tu czeka, zgłosił jeden operator; zostanie wykonane, gdy zatwierdzi to drugi.
console-approvals-all = Pokaż także zakończone
console-approvals-open = Pokaż tylko otwarte
console-approvals-empty = Nic nie czeka.
console-approvals-none = Niczego jeszcze nie zgłoszono.
console-approvals-waiting = czeka na Twoją decyzję: { $count }
console-act-setting_put = Zmiana ustawień
console-act-operator_invite = Zaproszenie operatora
console-act-operator_role = Nadanie innej roli
console-act-operator_enable = Włączenie operatora
console-act-role_add = Utworzenie roli
console-act-role_set = Zmiana roli
console-act-role_delete = Usunięcie roli
console-act-api_key_add = Utworzenie klucza API
console-act-user_delete = Usunięcie użytkownika
console-act-token_delete = Usunięcie tokenu
console-act-export = Pobranie pliku
console-approval-waiting = Czeka
console-approval-approved = Zatwierdzone
console-approval-done = Wykonane
console-approval-refused = Odrzucone
console-approval-withdrawn = Wycofane
console-approval-expired = Po terminie
console-approval-own = własne
console-approval-state = Stan
console-approval-asked-by = Zgłosił
console-approval-by-key = kluczem API
console-approval-decided-by = Zdecydował
console-approval-until = Otwarte do
console-approval-approvers = Może zatwierdzić
console-approval-nobody = Obecnie nikt
console-approval-changes = Co by się zmieniło
console-approval-outdated = To, czego dotyczy zgłoszenie, już nie istnieje albo zostało zmienione. Nie można go już wykonać: proszę je odrzucić i zgłosić ponownie.
console-approval-collect-hint = Zatwierdzono. Wynik widzi tylko osoba, która zgłosiła: proszę wykonać to jeszcze raz z tymi samymi danymi. Zadziała raz.
console-approval-collect = Przejdź tam
console-approval-waits-for-asker = Zatwierdzono. Teraz wykona to osoba, która zgłosiła.
console-approval-approve = Zatwierdź
console-approval-refuse = Odrzuć
console-approval-withdraw = Wycofaj
console-approval-done-asked = Niczego jeszcze nie wykonano: musi to zatwierdzić inny operator.
console-approval-done-approve = Zatwierdzono.
console-approval-done-refuse = Odrzucono. Niczego nie wykonano.
console-approval-done-withdraw = Wycofano. Niczego nie wykonano.
console-approval-field-role = Rola
console-approval-field-disabled = Wyłączony
console-approval-field-name = Nazwa
console-approval-field-permissions = Uprawnienia
console-approval-field-days = Dni
console-approval-field-user = Użytkownik
console-approval-field-token = Token
console-approval-field-export = Plik z
console-approval-field-format = Format
console-approval-field-filter = Szukano
console-fault-act-own = Nikt nie zatwierdza tego, co sam zgłosił.
console-fault-act-not-own = Wycofać może tylko osoba, która zgłosiła.
console-fault-act-decided = To już nie czeka: ktoś inny był szybszy albo minął termin.
console-fault-act-asker = Osoba, która zgłosiła, nie ma już uprawnień albo brakuje części uprawnień osobie zatwierdzającej.
console-fault-act-outdated = To, czego dotyczy zgłoszenie, zostało w międzyczasie zmienione. Niczego nie wykonano.
console-fault-act-invalid = W obecnym stanie naruszyłoby to regułę. Niczego nie wykonano.
console-fault-acts-full = Czeka już tyle zgłoszeń, ile może: najwyżej 20 od jednego operatora i 100 łącznie. Niczego nie wykonano. Proszę wycofać lub rozstrzygnąć część tego, co czeka, i spróbować ponownie.
console-section-approvals = Czynności wymagające dwóch osób
console-section-approvals-hint = Jeden operator zgłasza, drugi z tym samym uprawnieniem zatwierdza w ciągu 24 godzin. Potrzeba do tego dwóch operatorów, którzy mogą wszystko, a dwaj ostatni pozostają. Klucze API mogą zgłaszać, ale nigdy nie zatwierdzają.
console-field-operators = Operatorzy, role, klucze API
console-field-operators-hint = Zaproszenia, role, nowe klucze i ta strona. Musi być włączone, gdy włączone jest cokolwiek: kto mógłby sam utworzyć drugiego operatora, nie potrzebowałby nikogo innego. Do wyłączania operatorów i unieważniania kluczy zawsze wystarcza jeden.
console-field-settings = Ustawienia i zasady
console-field-settings-hint = Każda strona ustawień i zasad.
console-field-user_deletion = Usuwanie użytkowników
console-field-token_deletion = Usuwanie tokenów
console-field-exports = Pobieranie dzienników i raportów

## Console: roles and API keys
console-page-roles = Role
console-page-keys = Klucze API
console-roles-hint = Pierwsze trzy są zawsze. Kolejne można utworzyć z uprawnień, które ma się samemu.
console-role-new = Utwórz rolę
console-role-operators =
    { $count ->
        [0] Nikt jej nie ma
        [one] Ma ją { $count } operator
        [few] Ma ją { $count } operatorów
        [many] Ma ją { $count } operatorów
       *[other] Ma ją { $count } operatora
    }
console-role-not-own = To własna rola zalogowanego operatora: może ją zmienić ktoś inny.
console-role-beyond = Ta rola pozwala na więcej niż rola zalogowanego operatora: może ją zmienić ktoś z takimi samymi uprawnieniami.
console-field-role-name = Nazwa roli
console-permissions = Uprawnienia
console-permissions-hint = Zmiana obejmuje podgląd, a usuwanie obejmuje zmianę. Zmiany działają od następnego żądania każdego, kto ma tę rolę.
console-permissions-module = Moduł
console-permissions-none = nie dotyczy
console-permissions-yes = tak
console-permissions-no = nie
console-action-view = Podgląd
console-action-edit = Zmiana
console-action-delete = Usuwanie
console-action-export = Eksport
console-module-users = Użytkownicy
console-module-groups = Grupy
console-module-tokens = Tokeny
console-module-provisioning = Rejestracja przez e-mail i import
console-module-self_provisioning = Rejestracja samoobsługowa
console-module-token_policies = Zasady tokenów
console-module-access_policies = Zasady dostępu
console-module-appearance = Wygląd
console-module-reports = Raporty
console-module-audit = Dziennik audytu
console-module-operators = Operatorzy
console-module-roles = Role
console-module-api_keys = Klucze API
console-fault-own-role = Nikt nie zmienia własnej roli.
console-fault-beyond = Nikt nie nadaje ani nie odbiera uprawnień, których sam nie ma.
console-fault-role-changed = W międzyczasie tę rolę zmienił ktoś inny. Tak wygląda teraz.
console-task-role-delete = Usuń rolę
console-task-role-delete-text = Zaproszenia do tej roli przestaną działać.
console-fault-role-in-use = Jakiś operator ma tę rolę. Proszę najpierw nadać mu inną.
console-keys-hint = Klucz pozwala programowi wywoływać API w imieniu osoby, która go utworzyła. Nigdy nie może więcej niż ona i nie działa, gdy jej konto jest wyłączone.
console-keys-empty = Nie ma kluczy API.
console-key-new = Utwórz klucz API
console-key-operator = W imieniu
console-key-until = Ważny do
console-key-used = Ostatnio użyto
console-key-unused = Nigdy nie użyto
console-key-may = Uprawnienia
console-key-over = Wygasł
console-key-revoked = Unieważniony
console-key-dead = Jego operator jest wyłączony
console-field-key-name = Nazwa klucza
console-field-key-days = Liczba dni ważności
console-field-key-days-hint = Od 1 do { $most }.
console-key-permissions-hint = Tylko tyle, ile program potrzebuje. Tego, co zmienia operatorów, role lub klucze, nie otrzymuje żaden klucz.
console-key-made-title = Klucz jest gotowy
console-key-made-text = Klucz { $name } jest ważny do { $time }. Należy go wysyłać jako „Authorization: Bearer …”.
console-key-made-hint = Widać go tu tylko teraz. Proszę umieścić go tam, gdzie znajdzie go program, i nigdzie indziej.
console-task-key-revoke = Unieważnij klucz
console-task-key-revoke-text = Programy, które używają tego klucza, są od teraz odrzucane. Nie można tego cofnąć.
console-done-key-revoked = Klucz został unieważniony.

## Console: pages that say one thing
console-message-not-found-title = Nie znaleziono strony
console-message-not-found = Pod tym adresem nie ma strony.
console-message-forbidden-title = Ta rola na to nie pozwala
console-message-forbidden = Do tego potrzebna jest inna rola. Niczego nie zmieniono.
console-message-cross-site-title = Nie można przyjąć tego formularza
console-message-cross-site = Nie pochodzi z żadnej z naszych stron albo strona była otwarta zbyt długo. Proszę wrócić, odświeżyć stronę i spróbować ponownie.
console-message-bad-request-title = Nie udało się
console-message-bad-request = Nie można zrozumieć żądania. Proszę wrócić i spróbować ponownie.
console-message-method-title = Tego nie można tu zrobić
console-message-method = Ten adres nie przyjmuje takich żądań.
console-message-too-large-title = Za duże
console-message-too-large = Wysłane dane są większe, niż można tu przyjąć.
console-message-too-many-title = Za dużo żądań
console-message-too-many = Proszę odczekać minutę i spróbować ponownie.
console-message-unknown-host-title = Nieznana witryna
console-message-unknown-host = Konsola nie jest dostępna pod tą nazwą.
console-message-unavailable-title = Zaraz wracamy
console-message-unavailable = Konsola nie może teraz odpowiedzieć. Niczego nie zmieniono. Proszę spróbować ponownie za minutę.
console-message-internal-title = Coś poszło nie tak
console-message-internal = Błąd jest po naszej stronie i został zapisany.
console-message-link-gone-title = Ten link już nie działa
console-message-link-gone = Został użyty, ma więcej niż jeden dzień albo utworzono nowszy. Proszę poprosić o nowy.

## The console: users, tokens, groups and files of tokens
console-page-users = Użytkownicy
console-page-requests = Wnioski o rejestrację
console-page-tokens = Tokeny
console-page-groups = Grupy
console-page-import = Import
console-find = Szukaj
console-parts = Części listy
console-parts-first = Na początek
console-parts-next = Dalej
console-tasks = Dostępne czynności
console-remove = Usuń
console-conflict-now = W czasie edycji wprowadzono tu inne zmiany. Niczego z tego formularza nie zapisano. Wpisane wartości są nadal poniżej; kontynuacja zastąpi nimi to, co jest teraz zapisane:
console-given-hint = Widać to tu tylko teraz i nie można tego później sprawdzić. Proszę przekazać to tak, aby nikt inny tego nie przeczytał.
console-done-saved = Zapisano.
console-done-created = Utworzono.
console-done-deleted = Usunięto.
console-done-disabled = Użytkownik został wyłączony, a jego sesje zakończone.
console-done-enabled = Użytkownik został włączony.
console-done-signed-out = Wszystkie sesje użytkownika zostały zakończone.
console-done-password = Hasło zostało zmienione, a sesje użytkownika zakończone.
console-done-withdrawn = Kod tymczasowy został wycofany.
console-done-approved = Rejestracja została zatwierdzona.
console-done-refused = Rejestracja została odrzucona.
console-done-recovery-codes-withdrawn = Kody odzyskiwania zostały unieważnione.
console-done-grant-withdrawn = Wycofano decyzję lub kod.
console-done-suspend = Token jest zawieszony. Jego kody jednorazowe nie są przyjmowane.
console-done-reactivate = Token jest znowu w użyciu.
console-done-unlock = Token nie jest już zablokowany.
console-done-return = Token został odebrany użytkownikowi.
console-done-lost = Token został odebrany użytkownikowi jako utracony.
console-done-faulty = Token został odebrany użytkownikowi jako uszkodzony.
console-done-reinitialize = Token jest gotowy dla kogoś innego.
console-done-assign = Token został przypisany. Aktywuje go pierwszy prawidłowy kod jednorazowy.
console-done-tested = Kod jednorazowy jest prawidłowy. Jest już zużyty.
console-done-resynced = Token został odnaleziony i jest zsynchronizowany.
console-done-pin = PIN został ustawiony.
console-done-member = Użytkownik należy do grupy.
console-done-member-removed = Użytkownik nie należy już do grupy.
console-done-parent = Grupa należy do tej drugiej.
console-done-parent-removed = Grupa nie należy już do tej drugiej.

## The console: users
console-users-find = Nazwa, nazwa wyświetlana lub adres e-mail zaczyna się od
console-users-none-found = Nie ma użytkownika, którego nazwa lub adres zaczyna się od „{ $what }”.
console-users-empty = Nie ma jeszcze użytkowników.
console-badge-disabled = wyłączony
console-badge-locked = token zablokowany
console-badge-no-token = bez tokenu
console-user-is-disabled = Ten użytkownik jest wyłączony i nie może się logować.
console-user-outer-groups = Przez nie także w grupach
console-user-password = Hasło
console-user-password-set = Jest ustawione.
console-user-password-none = Brak.
console-user-since = Użytkownik od
console-user-temporary = Kod tymczasowy
console-user-temporary-until = Ważny do { $time }
console-user-recovery = Kody odzyskiwania
console-user-recovery-left = Pozostało: { $left }, utworzono: { $time }
console-user-granted = Rejestracja
console-granted-asked = Czeka na zgodę. Wniosek jest ważny do { $time }.
console-granted-approved = Zatwierdzona: do { $time } można dodać jeden token.
console-granted-refused = Odrzucona. Nowy wniosek można złożyć po { $time }.
console-granted-code_given = Wydano kod pomocy technicznej, ważny do { $time }.
console-granted-by = Operator: { $what }, { $time }
console-user-no-tokens = Użytkownik nie ma tokenu.
console-user-offer = Dodawanie uwierzytelniacza podczas logowania:
console-field-name = Nazwa
console-field-name-hint = Nazwa, którą użytkownik się loguje. Nie można jej później zmienić.
console-field-display_name = Nazwa wyświetlana
console-field-email = Adres e-mail
console-field-email-hint = Kody i powiadomienia są wysyłane tylko na ten adres.
console-field-groups = W grupach
console-member-of-hint = Proszę wpisać jej nazwę.
console-field-password-by = Hasło
console-choice-password-by-draw = Wylosuj
console-choice-password-by-draw-hint = Będzie pokazane tylko raz.
console-choice-password-by-type = Wpisz
console-choice-password-by-none = Bez hasła
console-choice-password-by-none-hint = Do czasu ustawienia hasła użytkownik nie może się logować.
console-field-password = Treść hasła
console-field-password-hint = Co najmniej 8 znaków. Tylko przy opcji wpisania.
console-field-reason = Powód
console-field-reason-hint = Jest przechowywany z kodem i zapisywany w rejestrze.
console-field-reason-recorded-hint = Jest przechowywany z decyzją lub kodem i zapisywany w rejestrze.
console-field-reason-shown-hint = Użytkownik go przeczyta; jest też zapisywany w rejestrze.
console-field-hours = Godziny
console-field-hours-hint = Jak długo kod jest ważny: od 1 do 168.
console-task-user-new = Nowy użytkownik
console-task-user-edit = Edytuj
console-task-user-password = Ustaw hasło
console-task-user-password-text = Nowe hasło działa od razu. Wszystkie sesje użytkownika zostaną zakończone.
console-task-user-disable = Wyłącz
console-task-user-disable-text = Użytkownik nie będzie mógł się już logować. Jego sesje zostaną natychmiast zakończone. Niczego się nie usuwa.
console-task-user-enable = Włącz
console-task-user-enable-text = Użytkownik będzie mógł się znowu logować.
console-task-user-verify = Zweryfikuj dzwoniącego
console-task-user-verify-text = Na własne urządzenie użytkownika zostanie wysłana prośba. Operator odczytuje dzwoniącemu liczbę, a ten wpisuje ją na urządzeniu. Kto to potrafi, ma urządzenie i może je odblokować.
console-task-user-sign-out = Wyloguj wszędzie
console-task-user-sign-out-text = Wszystkie sesje użytkownika zostaną natychmiast zakończone, we wszystkich aplikacjach i przeglądarkach. Użytkownik może zalogować się ponownie.
console-task-user-delete = Usuń użytkownika
console-task-user-delete-text = Razem z użytkownikiem znikną na stałe: nazwa, adres e-mail i hasło, członkostwa w grupach, sesje oraz tokeny w aplikacjach wraz z sekretami. Zapisy zdarzeń pozostaną.
console-task-user-delete-tokens = Tokeny użytkownika: { $what }.
console-task-user-temporary = Wydaj kod tymczasowy
console-task-user-temporary-text = Zastępuje token osobie, która zostawiła swój w domu. Unieważnia poprzedni kod tymczasowy, jeśli taki jest.
console-task-user-withdraw = Wycofaj kod tymczasowy
console-task-user-withdraw-text = Od teraz nie będzie przyjmowany.
console-task-user-withdraw-recovery-codes = Unieważnij kody odzyskiwania
console-task-user-withdraw-recovery-codes-text = Od teraz żaden z nich nie będzie przyjmowany. Użytkownik może utworzyć nowe, podając kod jednorazowy.
console-task-user-approve = Zatwierdź rejestrację
console-task-user-approve-text = Użytkownik będzie mógł dodać jeden token, z samym kodem z wiadomości e-mail. Najpierw proszę się upewnić, że prosi o to naprawdę ten użytkownik. Jeśli złożył wniosek, otrzyma wiadomość e-mail.
console-task-user-refuse = Odrzuć rejestrację
console-task-user-refuse-text = Użytkownik dowie się o tym wraz z powodem i na razie nie będzie mógł dodać tokenu.
console-task-user-help-desk-code = Wydaj kod pomocy technicznej
console-task-user-help-desk-code-text = Użytkownik wpisuje go po kodzie z wiadomości e-mail i może dodać jeden token. Najpierw proszę się upewnić, że prosi o to naprawdę ten użytkownik: kto ma ten kod, hasło i dostęp do poczty, otrzyma token. Kod zastępuje wcześniejszą decyzję lub wcześniejszy kod i jest pokazywany tylko raz.
console-task-user-withdraw-grant = Wycofaj decyzję lub kod
console-task-user-withdraw-grant-text = Zgoda, odrzucenie lub kod tracą od teraz ważność.
console-task-user-grant-needless = Obecnie żadna reguła rejestracji nie wymaga tego od użytkownika.
console-given-password = Nowe hasło
console-given-password-text = To jest hasło użytkownika { $what }.
console-verification = Weryfikacja dzwoniącego
console-verification-pending = Proszę odczytać dzwoniącemu tę liczbę. Użytkownik { $what } wpisuje ją w uwierzytelniaczu. Ta strona sama sprawdza ponownie.
console-verification-by-hand = Urządzenie nie wyświetli powiadomienia: proszę poprosić dzwoniącego o otwarcie aplikacji.
console-verification-until = Prośba jest ważna do { $time }.
console-verification-approved = Dzwoni użytkownik { $what }: liczbę wpisano na jego urządzeniu.
console-verification-denied = Prośba została odrzucona na urządzeniu użytkownika { $what }. Proszę nic nie robić dla tego dzwoniącego.
console-verification-reported = Użytkownik { $what } zgłosił, że ta prośba pochodzi od kogoś innego. Proszę nic nie robić dla tego dzwoniącego i powiadomić osoby odpowiedzialne za bezpieczeństwo.
console-verification-mismatched = Na urządzeniu użytkownika { $what } wpisano inną liczbę. To niczego nie dowodzi.
console-verification-cancelled = Prośba została wycofana. To niczego nie dowodzi.
console-verification-expired = Na urządzeniu użytkownika { $what } nikt nie odpowiedział w porę. To niczego nie dowodzi.
console-verification-again = Zapytaj ponownie
console-given-temporary = Kod tymczasowy
console-given-temporary-text = Użytkownik { $what } może go używać zamiast kodu jednorazowego do { $time }.
console-given-help-desk-code = Kod pomocy technicznej
console-given-help-desk-code-text = Użytkownik { $what } wpisuje go tam, gdzie wymagany jest kod pomocy technicznej. Kod jest ważny tylko raz, do { $time }.

## The console: who waits for an approval
console-requests-text = Ci użytkownicy wpisali kod z wiadomości e-mail, a ich reguła rejestracji wymaga ponadto zgody operatora.
console-requests-empty = Nikt nie czeka na zgodę.
console-request-asked = Złożono: { $time }
console-request-from = z adresu { $what }
console-request-browser = przeglądarka: { $what }
console-request-until = ważny do { $time }
console-request-approve = Zatwierdź
console-request-refuse = Odrzuć

## The console: tokens
console-tokens-find = Szukaj tokenów
console-tokens-serial = Numer seryjny
console-tokens-owner = Nazwa użytkownika
console-tokens-any = Wszystkie oprócz unieważnionych
console-tokens-locked = Tylko zablokowane po błędnych kodach jednorazowych
console-tokens-all = Pokaż wszystkie
console-tokens-none-found = Nie ma takiego tokenu.
console-tokens-empty = Nie ma jeszcze tokenów. Użytkownicy dodają własne podczas logowania; inne się importuje.
console-state-inventory = W magazynie
console-state-assigned = Przypisany
console-state-active = Aktywny
console-state-suspended = Zawieszony
console-state-locked_pin = Zablokowany przez PIN
console-state-lost = Utracony
console-state-faulty = Uszkodzony
console-state-revoked = Unieważniony
console-state-locked = Zablokowany po błędnych kodach jednorazowych
console-form-software = Aplikacja
console-form-hardware = Sprzętowy
console-form-passkey = Klucz dostępu
console-token-state = Stan
console-token-locked-until = Zablokowany do { $time }
console-token-owner = Użytkownik
console-token-nobody = niczyj
console-token-form = Rodzaj
console-token-pin = PIN po stronie serwera
console-token-pin-set = Jest ustawiony.
console-token-pin-none = Nie jest jeszcze ustawiony.
console-token-fails = Błędne kody jednorazowe z rzędu
console-token-created = Wydano lub zaimportowano
console-token-activated = Aktywowano
console-token-used = Ostatnio użyto
console-token-never = nigdy
console-token-template = Utworzony według tego szablonu
console-token-template-hint = Jest zamrożony: zmiany szablonu nie dotyczą tego tokenu.
console-field-label = Nazwa
console-field-hash = Funkcja skrótu
console-field-version = Wersja szablonu
console-field-synchronization-step = Liczba sekund do następnego kodu jednorazowego
console-token-note-inventory = Jest w magazynie: zanim będzie można zrobić z nim coś innego, trzeba go przypisać użytkownikowi.
console-token-note-assigned = Nie jest jeszcze sprawdzony: aktywuje go pierwszy prawidłowy kod jednorazowy użytkownika. Wcześniej nie można go wypróbować ani ponownie zsynchronizować.
console-token-note-suspended = Jest zawieszony: do czasu przywrócenia nie można go wypróbować ani ponownie zsynchronizować.
console-token-note-locked_pin = Zbyt wiele razy wpisano błędny PIN tego tokenu. Nie można go odblokować, a tylko odebrać i zarejestrować na nowo.
console-token-note-lost = Jest niczyj. Dopóki nie zostanie ponownie przygotowany, nie można go przypisać.
console-token-note-faulty = Jest niczyj. Dopóki nie zostanie ponownie przygotowany, nie można go przypisać.
console-token-note-revoked = Jego sekret został zniszczony: nic go nie przywróci. Użytkownik potrzebuje nowego tokenu.
console-token-note-challenge = Odpowiada na wyzwania, więc nie można go tu wypróbować ani ponownie zsynchronizować.
console-token-note-passkey = Jego klucz jest na urządzeniu użytkownika: tutaj można go tylko wycofać. Użytkownik dodaje inny na swojej stronie.
console-token-note-app-pin = Jego PIN zna tylko aplikacja, więc nie można go tu ustawić.
console-token-note-no-pin = Nie ma PIN-u.
console-task-token-suspend = Zawieś token
console-task-token-suspend-text = Do czasu przywrócenia tokenu jego kody jednorazowe nie będą przyjmowane. Sesje użytkownika zostaną zakończone.
console-task-token-reactivate = Przywróć token
console-task-token-reactivate-text = Jego kody jednorazowe będą znowu przyjmowane.
console-task-token-unlock = Odblokuj
console-task-token-unlock-text = Kończy blokadę spowodowaną błędnymi kodami jednorazowymi i zaczyna liczyć od nowa.
console-task-token-return = Odbierz token
console-task-token-return-text = Nie będzie już należeć do użytkownika. Token sprzętowy wraca do magazynu; sekret w aplikacji jest niszczony. Sesje użytkownika zostaną zakończone.
console-task-token-lost = Zgłoś jako utracony
console-task-token-lost-text = Nie będzie już należeć do użytkownika ani być przyjmowany. Sesje użytkownika zostaną zakończone.
console-task-token-faulty = Zgłoś jako uszkodzony
console-task-token-faulty-text = Nie będzie już należeć do użytkownika ani być przyjmowany. Sesje użytkownika zostaną zakończone.
console-task-token-reinitialize = Przygotuj ponownie
console-task-token-reinitialize-text = Token sprzętowy wraca do magazynu i można go przypisać; sekret w aplikacji jest niszczony.
console-task-token-delete = Usuń token
console-task-token-delete-text = Zniknie na stałe razem z sekretem. Zapisy zdarzeń pozostaną. Token sprzętowy można zaimportować ponownie.
console-task-token-assign = Przypisz
console-task-token-assign-text = Użytkownik loguje się następnym kodem jednorazowym tego tokenu; aktywuje go pierwszy prawidłowy.
console-task-token-label = Nazwij token
console-task-token-label-text = Tę nazwę widzi użytkownik tokenu.
console-task-token-test = Wypróbuj kod jednorazowy
console-task-token-test-text = Prawidłowy kod jednorazowy zostaje w ten sposób zużyty i do niczego więcej się nie nada.
console-task-token-resync = Zsynchronizuj ponownie
console-task-token-resync-text = Proszę wpisać dwa kody jednorazowe, które token pokaże bezpośrednio po sobie.
console-task-token-pin = Ustaw PIN
console-task-token-pin-text = Zastąpi poprzedni.
console-task-token-pin-drawn = Zgodnie z zasadami PIN-y są losowane. Będzie pokazany tylko raz.
console-task-token-pin-change = Przy pierwszym użyciu użytkownik musi wybrać inny.
console-field-user = Nazwa użytkownika
console-field-passcode = Kod jednorazowy
console-field-first = Pierwszy kod jednorazowy
console-field-second = Następny po nim
console-field-pin-by = PIN
console-choice-pin-by-draw = Wylosuj
console-choice-pin-by-draw-hint = Będzie pokazany tylko raz.
console-choice-pin-by-type = Wpisz
console-field-pin = Treść PIN-u
console-field-pin-hint = Tylko przy opcji wpisania. Obowiązują zasady PIN-u po stronie serwera.
console-field-must_change = Użytkownik musi wybrać inny przy pierwszym użyciu
console-given-pin = Nowy PIN
console-given-pin-text = To jest PIN tokenu { $what }.
console-fault-state = W obecnym stanie tokenu nie można tego zrobić.
console-fault-has-token = Ten użytkownik ma już token. Najpierw trzeba go odebrać.
console-fault-unknown-user = Nie ma użytkownika o tej nazwie.
console-fault-unknown-group = Nie ma grupy o tej nazwie.
console-fault-users-or-group = Podaj użytkowników albo grupę, nie jedno i drugie.
console-fault-nobody-left = Nie ma już nikogo, do kogo można by napisać ponownie. Nic nie zostało zrobione.
console-fault-no-device = Na żadne z urządzeń tego użytkownika nie można wysłać prośby.
console-fault-push-off = { $minutes ->
    [one] Nie można teraz wysłać prośby do tego użytkownika: jedna jest w toku albo zbyt wiele pozostało bez skutku. Proszę spróbować ponownie za { $minutes } minutę.
    [few] Nie można teraz wysłać prośby do tego użytkownika: jedna jest w toku albo zbyt wiele pozostało bez skutku. Proszę spróbować ponownie za { $minutes } minuty.
    [many] Nie można teraz wysłać prośby do tego użytkownika: jedna jest w toku albo zbyt wiele pozostało bez skutku. Proszę spróbować ponownie za { $minutes } minut.
   *[other] Nie można teraz wysłać prośby do tego użytkownika: jedna jest w toku albo zbyt wiele pozostało bez skutku. Proszę spróbować ponownie za { $minutes } minuty.
}
console-fault-changed = W międzyczasie zmienił to ktoś inny. Niczego nie zmieniono. Proszę sprawdzić i spróbować ponownie.
console-fault-task-over = To zadanie jest zakończone: minął jego ostatni dzień albo zostało usunięte. Niczego nie zmieniono.
console-fault-test-wrong = Ten kod jednorazowy jest błędny.
console-fault-test-used = Ten kod jednorazowy jest już zużyty.
console-fault-test-out-of-step = Ten kod jednorazowy jest prawidłowy, ale token nie jest zsynchronizowany. Proszę wpisać następny.
console-fault-resync = To nie są dwa kolejne kody jednorazowe tego tokenu. Proszę poczekać na nowe i spróbować ponownie.

## The console: groups
console-groups-find = Nazwa zaczyna się od
console-groups-none-found = Nie ma grupy, której nazwa zaczyna się od „{ $what }”.
console-groups-empty = Nie ma jeszcze grup.
console-group-members = Członkowie
console-group-members-count =
    { $count ->
        [0] Brak członków
        [one] Jeden członek
        [few] { $count } członków
        [many] { $count } członków
       *[other] { $count } członka
    }
console-group-lies-in = należy do
console-group-parents = Należy do
console-group-parents-hint = Członkowie tej grupy liczą się też jako członkowie tych grup.
console-group-no-parents = Nie należy do żadnej innej grupy.
console-group-is-named = Rejestracja samoobsługowa wskazuje tę grupę.
console-group-is-named-rule = Reguła rejestracji „{ $what }” wskazuje tę grupę.
console-field-group = Nazwa grupy
console-field-into = Nazwa drugiej grupy
console-task-group-new = Nowa grupa
console-task-group-rename = Zmień nazwę
console-task-group-rename-text = Rejestracja samoobsługowa uwzględni zmianę. Zasady dostępu nie: wskazują grupy tekstem nazwy.
console-task-group-delete = Usuń grupę
console-task-group-delete-text = Grupa zniknie na stałe razem z członkostwami. Jej członkowie pozostaną. Zasady dostępu, które ją wskazują, przestaną ich dotyczyć.
console-task-group-delete-members = Członkowie grupy: { $what }.
console-task-group-delete-keeps = Od grupy, do której należy ta grupa, zależy reguła przydzielania. Kto należy do tamtej tylko przez tę, zachowuje na stałe to, co dała reguła.
console-task-group-delete-named = Rejestracja samoobsługowa wskazuje tę grupę. Po usunięciu nikt już do niej nie należy: proszę sprawdzić, kogo to dopuści, a kogo wykluczy.
console-task-group-add-member = Dodaj członka
console-task-group-remove-member = Usuń członka
console-task-group-remove-member-text = Użytkownik { $what } nie będzie już należeć do tej grupy. To, na co grupa pozwala, kończy się natychmiast.
console-task-group-add-parent = Umieść w innej grupie
console-task-group-remove-parent = Wyjmij z innej grupy
console-task-group-remove-parent-text = Ta grupa nie będzie już należeć do grupy { $what }.

## The console: files of tokens
console-task-import = Importuj
console-task-import-text = Tokeny sprzętowe są dostarczane z plikiem sekretów: PSKC (RFC 6030) lub OATH CSV, do 16 MiB. Każdy token trafia do magazynu w całości albo wcale. Ponowne wysłanie pliku niczego nie powiela.
console-field-file = Plik
console-field-file-hint = Po imporcie należy go bezpiecznie przechowywać lub zniszczyć: zawiera sekrety.
console-field-key = Klucz
console-field-key-hint = Tylko dla plików zaszyfrowanych: szesnastkowo lub w base64.
console-field-import-password = Hasło
console-field-import-password-hint = Tylko dla plików zaszyfrowanych, które zamiast kluczem otwiera się hasłem.
console-import-jobs = Moje importy
console-import-jobs-hint = Przechowywane do ponownego uruchomienia serwera; tokeny pozostają.
console-fault-file = Proszę wybrać plik.
console-fault-file-large = Plik jest większy niż 16 MiB.
console-fault-key = To nie jest klucz: musi być szesnastkowy lub w base64.
console-fault-key-or-password = Proszę podać klucz albo hasło, nie jedno i drugie.
console-fault-import-busy = Trwa przetwarzanie innego pliku. Proszę poczekać na zakończenie.
console-job-title = Import
console-job-reading = Plik jest odczytywany. Z hasłem trwa to chwilę.
console-job-taking = Tokeny są przyjmowane do magazynu.
console-job-done = Gotowe.
console-job-failed = Nie udało się.
console-job-broke-off = Przerwano: proces, który przetwarzał plik, zakończył działanie.
console-job-over = Gotowe. Co stało się z każdym wierszem, wiedział proces, który już zakończył działanie.
console-job-so-far = { $done } z { $total }.
console-job-far = Postęp
console-job-renews = Ta strona odświeża się co sekundę.
console-job-still = Zatrzymaj odświeżanie
console-job-again = Sprawdź ponownie
console-job-nothing-taken = Niczego nie zaimportowano
console-job-rows = Wiersze pliku
console-job-all-rows = Pokaż wszystkie wiersze
console-job-only-left = Pokaż tylko to, czego nie przyjęto
console-job-no-rows = Nie ma takich wierszy.
console-job-another = Importuj inny plik
console-job-fault-unknown = Plik nie jest ani plikiem PSKC (RFC 6030), ani OATH CSV.
console-job-fault-too-large = Plik jest za duży: { $what }
console-job-fault-malformed = Plik jest nieprawidłowo zbudowany: { $what }
console-job-fault-key-needed = Plik jest zaszyfrowany. Proszę podać klucz lub hasło.
console-job-fault-wrong-key = Klucz lub hasło nie otwiera tego pliku.
console-job-fault-broke-off = Serwer nie zdołał zakończyć importu. To, co przyjęto, pozostaje; proszę wysłać plik ponownie.
console-row-place = Miejsce
console-row-outcome = Wynik
console-row-taken = Przyjęto
console-row-there = Już jest
console-row-refused = Odrzucono
console-row-not-reached = Nie przetworzono: proszę wysłać plik ponownie

## Rules that a value can break
rule-required = To pole jest wymagane.
rule-one-of = Proszę wybrać jedną z wartości.
rule-between = Wymagana jest liczba całkowita od { $min } do { $max }.
rule-at-most = Wartość nie może być większa niż „{ $field }”.
rule-at-least = Wartość nie może być mniejsza niż „{ $field }”.
rule-not-before = Ten dzień nie może być wcześniejszy niż „{ $field }”.
rule-not-available = Niedostępne, gdy „{ $field }” ma wartość „{ $value }”.
rule-unknown = Nie ma takiej pozycji: { $value }.
rule-taken = Ta nazwa jest zajęta.
rule-twice = Podano to dwa razy.
rule-list = Wymagana jest lista.
rule-too-many = Największa liczba pozycji: { $max }.
rule-too-long = Największa liczba znaków: { $max }.
rule-too-short = Najmniejsza liczba znaków: { $min }.
rule-text = Jeden wiersz widocznych znaków.
rule-https-url = Wymagany jest pełny adres https:// bez nazwy użytkownika i hasła.
rule-contact-url = Wymagany jest pełny adres https:// albo adres zaczynający się od mailto: lub tel:.
rule-mail-address = To nie jest adres e-mail.
rule-sign-in-name = Nazwa ma od 1 do 256 widocznych znaków.
rule-pin-charset = PIN składa się z cyfr i liter bez znaków diakrytycznych.
rule-pin-too-short = PIN jest za krótki.
rule-pin-too-long = PIN jest za długi.
rule-pin-needs-upper = PIN musi zawierać wielką literę.
rule-pin-needs-lower = PIN musi zawierać małą literę.
rule-pin-needs-digit = PIN musi zawierać cyfrę.
rule-pin-trivial = PIN nie może być prostym ciągiem, takim jak 1234 lub 2222.
rule-pin-used-before = Ten PIN był już używany.
rule-differs = Podane wartości różnią się.
rule-day = Wymagany jest dzień, na przykład 2026-12-24.
rule-past = Ten czas nie może już należeć do przeszłości.
rule-within-days = To musi być dzień w ciągu najbliższych { $max } dni.
rule-network = Wymagana jest sieć, na przykład 10.0.0.0/8, lub adres.
rule-host-bits = Ten adres wskazuje komputer, a nie sieć. Sieć to { $network }.
rule-colour = Wymagany jest kolor, na przykład #1a5fb4.
rule-contrast = Ten kolor jest za jasny. Jego kontrast z bielą musi wynosić co najmniej 4,5.
rule-base64 = Wymagany jest format Base64.
rule-too-large = Największa liczba bajtów: { $max }.
rule-picture = To nie jest obraz PNG, JPEG ani WebP.
rule-message = Nie można tego odczytać jako komunikatu. Proszę sprawdzić nawiasy klamrowe.
rule-circle = Grupa należałaby do samej siebie.
rule-not-by-hand = Tę wartość losuje serwer; nie można jej wpisać.
rule-needed-by = To musi być włączone, dopóki włączone jest „{ $field }”.
rule-approvers = Nie ma dwóch operatorów, którzy mogą wszystko: nikt nie mógłby zatwierdzać.

## Console: reports and logs
console-menu-reports = Raporty
console-menu-logs = Dzienniki
console-page-audit = Dziennik audytu
console-page-history = Historia rejestracji
console-page-funnel = Lejek rejestracji
console-past-looking = Czego szukać
console-past-more = Więcej kryteriów
console-past-any = dowolne
console-past-reset = Zacznij od nowa
console-past-zone = Czas według strefy { $zone }.
console-past-turn-newest = Od najnowszych
console-past-turn-oldest = Od najstarszych
console-past-permalink = Link do tego widoku
console-past-csv = Pobierz jako CSV
console-past-json = Pobierz jako JSON
console-past-from = Od
console-past-until = Do
console-past-tz = Strefa czasowa
console-past-type = Rodzaj wpisu
console-past-event = Zdarzenie
console-past-user = Użytkownik
console-past-operator = Operator
console-past-address = Adres
console-past-serial = Numer seryjny
console-past-transaction = Wszystkie wpisy tego logowania lub tej rejestracji
console-past-transaction-id = Transakcja
console-past-q = Tekst
console-past-time = Czas
console-past-actor = Kto
console-past-object = Czego dotyczy
console-past-details = Wpis { $seq }
console-past-facts = Więcej
console-past-records = Wpisy w dzienniku audytu
console-past-none = Nic nie znaleziono. Proszę podać mniej kryteriów lub dłuższy okres.
console-past-searched-to = Przeszukano wstecz do { $time }. „Dalej” kontynuuje od tego miejsca.
console-past-began = Zaoferowano lub rozpoczęto
console-past-started = Początek
console-past-finished = Koniec
console-past-result = Wynik
console-past-reason = Powód
console-past-last_step = Ostatni krok
console-past-took = Czas trwania
console-past-os = Platforma
console-past-initiated_by = Zainicjowano przez
console-past-initiator = Operator lub reguła
console-past-group = Grupa
console-past-groups = Grupy
console-past-application = Aplikacja
console-past-policy = Zasada
console-past-offered = Także te, które zaoferowano, a nigdy nie rozpoczęto
console-past-kind = Rodzaj tokenu
console-past-device = Urządzenie
console-past-device_address = Adres urządzenia
console-past-push = Push
console-past-pin_type = Typ PIN-u
console-past-biometric = Odcisk palca lub twarz
console-past-template_version = Wersja szablonu tokenu
console-past-user_agent = Przeglądarka
console-past-codes_sent = Wysłane kody
console-past-wrong_codes = Błędne kody z wiadomości
console-past-wrong_passcodes = Błędne kody jednorazowe
console-past-refreshes = Nowe kody QR
console-past-language = Język
console-past-additional = Oprócz innego tokenu
console-past-disputed = Naciśnięto „Dodał go ktoś inny?”
console-object-token = Token
console-object-user = Użytkownik
console-object-group = Grupa
console-object-operator = Operator
console-object-task = Zadanie
console-object-role = Rola
console-object-api_key = Klucz API
console-object-invitation = Zaproszenie
console-object-approval = Zatwierdzenie
console-object-settings = Ustawienia
console-object-log = Dziennik
console-object-report = Raport
console-record-AUTHENTICATION = Uwierzytelnianie
console-record-ENROLLMENT = Rejestracja
console-record-AUDIT = Audyt
console-audit-empty = Nic jeszcze nie zapisano.
console-audit-begins = Zapisy zaczynają się { $time }. Starsze usunięto, ponieważ minął czas ich przechowywania.
console-history-begins = Rejestracje zakończone przed { $time } nie są już wyświetlane, ponieważ minął czas ich przechowywania.
console-history-empty = W tym okresie nikt nie zarejestrował tokenu.
console-result-offered = Zaoferowana
console-result-in_progress = W toku
console-result-completed = Ukończona
console-result-confirmed = Potwierdzona
console-result-cancelled = Anulowana
console-result-expired = Wygasła
console-result-failed = Nieudana
console-result-superseded = Zastąpiona
console-initiation-self_provisioning = Rejestracja samoobsługowa
console-initiation-provisioning_email = E-mail z rejestracją
console-initiation-operator = Operator
console-initiation-rule = Reguła
console-sum-started = Rozpoczęte
console-sum-completed = Ukończone
console-sum-rate = Odsetek ukończonych
console-sum-percent = { $whole },{ $tenth } %
console-sum-median = Mediana czasu trwania
console-sum-reason = Najczęstszy powód niepowodzenia
console-funnel-steps = Jak daleko dochodzą
console-funnel-chart = Słupki: ile osób dotarło do każdego kroku. Tabela poniżej mówi to samo.
console-funnel-step = Krok
console-funnel-reached = Dotarło
console-funnel-lost = Odpadło wcześniej
console-funnel-median = Mediana czasu od poprzedniego kroku
console-step-offered = Zaoferowano
console-step-started = Rozpoczęto
console-step-code_accepted = Kod przyjęty
console-step-target_chosen = Platforma wybrana
console-step-activated = Token aktywowany
console-step-first_use = Pierwsze użycie
console-missing-title = Kto nie ma jeszcze tokenu
console-missing-hint = Użytkownicy, którzy mogą zarejestrować się samodzielnie i nie są wyłączeni. Stan na { $time }.
console-missing-chart = Słupki: ile osób z każdej pozycji ma token. Tabela poniżej mówi to samo.
console-missing-of = Spośród
console-missing-deadline = Termin
console-missing-over = minął
console-missing-users = Użytkownicy
console-missing-missing = Bez tokenu
console-missing-all = Wszyscy, którzy mogą się zarejestrować
console-missing-rule = Reguła { $name }
console-missing-no_rule = Ci, do których nie pasuje żadna reguła
console-missing-group = Grupa { $name }
console-missing-nobody = Rejestracja samoobsługowa nie jest włączona dla nikogo.
console-missing-none = Wszyscy mają token.
console-missing-none-here = Nikogo w tej części listy. „Dalej” prowadzi do następnej.

## Provisioning by email: the console
console-page-provisioning = Rejestracja przez e-mail
console-provisioning-text = Pozwala użytkownikom zarejestrować token za pomocą wiadomości e-mail, niezależnie od tego, czy mają dostęp do rejestracji samoobsługowej. Każdy dostaje własny link, który działa jeden raz.
console-provisioning-reserved = { $count ->
    [0] Żaden token nie jest zarezerwowany.
    [one] { $count } token jest zarezerwowany.
    [few] { $count } tokeny są zarezerwowane.
    [many] { $count } tokenów jest zarezerwowanych.
   *[other] { $count } tokenu jest zarezerwowane.
}
console-provisioning-number = Zadanie { $what }
console-provisioning-running = W toku
console-provisioning-over = Zakończone
console-provisioning-removed = Usunięte
console-provisioning-users = { $count ->
    [one] { $count } użytkownik
    [few] { $count } użytkowników
    [many] { $count } użytkowników
   *[other] { $count } użytkownika
}
console-provisioning-group = Członkowie grupy
console-provisioning-by = operator: { $what }
console-provisioning-stops = do { $time }
console-provisioning-empty = Nie ma jeszcze zadań.
console-provisioning-state = Stan
console-provisioning-operator = Operator
console-provisioning-begun = Utworzono
console-provisioning-end = Koniec
console-provisioning-end-of = z końcem dnia { $time } (UTC)
console-provisioning-far = Wiadomości
console-provisioning-written = Wysłano { $written } z { $all }.
console-provisioning-finding = Trwa jeszcze wyszukiwanie członków grupy.
console-provisioning-entries = Użytkownicy
console-provisioning-all = Wszyscy użytkownicy tego zadania
console-provisioning-nobody = Nikogo.
console-provisioning-none-written = { $count ->
    [0] Nikt nie dostanie wiadomości: nikogo tu nie ma.
    [few] Nikt nie dostanie wiadomości: pominięto { $count } użytkowników.
    [many] Nikt nie dostanie wiadomości: pominięto { $count } użytkowników.
    [one] Nikt nie dostanie wiadomości: pominięto { $count } użytkownika.
   *[other] Nikt nie dostanie wiadomości: pominięto { $count } użytkownika.
}
console-provisioning-off-task = { $what }: usunięto z zadania, link jest nieważny.
console-entry-pending = Czeka na wiadomość
console-entry-active = Aktywny
console-entry-enrolled = Zarejestrowany
console-entry-completed = Ukończony
console-entry-locked = Zablokowany
console-entry-expired = Wygasły
console-entry-removed = Usunięty
console-entry-skipped = Pominięty
console-entry-mailed = wysłano { $time }
console-entry-not-mailed = jeszcze nie wysłano
console-entry-opened = link użyty { $time }
console-entry-fails = { $count ->
    [one] { $count } nieudana próba
    [few] { $count } nieudane próby
    [many] { $count } nieudanych prób
   *[other] { $count } nieudanej próby
}
console-entry-resend = Wyślij ponownie
console-entry-remove = Usuń
console-skipped-disabled = Konto jest wyłączone.
console-skipped-no_email = Nie ma adresu, na który można napisać.
console-skipped-has_all_tokens = Jest już tyle tokenów, ile wolno mieć, wliczając zarezerwowane.
console-task-provisioning-new = Nowe zadanie
console-task-provisioning-new-text = Proszę podać użytkowników lub grupę. Kto ma już tyle tokenów, ile wolno, zostanie pominięty, a zadanie to pokaże.
console-task-provisioning-one = Zarejestruj przez e-mail
console-task-provisioning-one-text = Użytkownik dostaje link, za pomocą którego konfiguruje uwierzytelniacz.
console-task-provisioning-edit = Edytuj zadanie
console-task-provisioning-edit-text = Kto nie zdążył przed poprzednią datą zakończenia, pozostaje wygasły, dopóki wiadomość nie zostanie do niego wysłana ponownie.
console-task-provisioning-resend = Wyślij ponownie do wszystkich
console-task-provisioning-resend-text = Wszyscy, którzy się jeszcze nie zarejestrowali, dostaną nowy link. Poprzednie linki przestaną działać.
console-task-provisioning-resend-count = { $count ->
    [0] Teraz nikogo to nie dotyczy.
    [few] Teraz dotyczy to { $count } użytkowników.
    [many] Teraz dotyczy to { $count } użytkowników.
    [one] Teraz dotyczy to { $count } użytkownika.
   *[other] Teraz dotyczy to { $count } użytkownika.
}
console-task-provisioning-remove = Usuń zadanie
console-task-provisioning-remove-text = Nikt nie będzie mógł się już z niego zarejestrować. Skonfigurowane uwierzytelniacze pozostaną.
console-task-provisioning-user-resend = Wyślij ponownie
console-task-provisioning-user-resend-text = Użytkownik dostanie nowy link. Poprzedni link przestanie działać.
console-task-provisioning-user-remove = Usuń z zadania
console-task-provisioning-user-remove-text = Link użytkownika przestanie działać.

## Rules that provision by group
console-page-provisioning_rules = Reguły przydzielania
console-rules-provisioning-text = Kto trafi do grupy reguły, dostaje wiadomość e-mail i rejestruje token. Reguły są sprawdzane od pierwszej do ostatniej, a dla użytkownika liczy się tylko pierwsza pasująca.
console-rules-provisioning-empty = Nie ma reguł: nikt nie dostaje tokenu z powodu swoich grup.
console-rules-days = { $count ->
    [one] jeden dzień na rejestrację
   *[other] dni na rejestrację: { $count }
}
console-rules-takes = kto odchodzi, traci to, co dała reguła
console-rules-leaves = kto odchodzi, zachowuje to, co dała reguła
console-rules-preview = Pokaż, kogo to dotyczy
console-rules-back = Zmień jeszcze raz
console-rules-affected = Kogo to dotyczy
console-rules-nobody = Teraz nie dotyczy to nikogo.
console-rules-looked-at = Jest ich zbyt wielu, aby sprawdzić wszystkich naraz: liczby dotyczą pierwszych { $count }.
console-rules-more = To nie wszyscy.
console-rules-would-lose = Reguła przydzielania odbiera użytkownikowi token { $what }.
console-rules-would-lose-mail = Reguła przydzielania wycofuje wiadomość, dzięki której użytkownik mógł jeszcze się zarejestrować.
console-rules-would-take = Reguła przydzielania dla „{ $what }” odbiera to, co dała. Liczba użytkowników: { $count }.
console-rules-unused-mail = wiadomość jeszcze nieużyta
console-rules-effect-gets = Dostaje token
console-rules-effect-skipped = Nie dostaje tokenu
console-rules-effect-loses = Traci go
console-rules-effect-keeps = Zachowuje go na stałe
console-rules-effect-handed_over = Przechodzi pod inną regułę
console-provisioning-by-rule = reguła dla: { $what }
console-provisioning-rule = Reguła dla
console-attention-provisioning-group-gone = Reguła przydzielania dla „{ $what }” wskazuje grupę, która została usunięta. Nic nie daje i niczego nie odbiera.
console-group-is-named-provisioning = Od tej grupy zależy reguła przydzielania. Po usunięciu grupy reguła nic już nie daje i niczego nie odbiera.
console-field-rule-group = Grupa
console-field-rule-group-hint = Kogo dotyczy: członków grupy i grup w niej zawartych. Każda grupa ma najwyżej jedną regułę.
console-field-rule-stop_days = Dni na rejestrację
console-field-rule-stop_days-hint = Pełne dni po dniu wysłania wiadomości: od 1 do 90.
console-field-rule-take = Odbierz temu, kto odchodzi
console-field-rule-take-hint = Token dany przez regułę jest unieważniany, gdy użytkownik nie należy już do żadnej grupy reguł. Inne jego tokeny zostają.
console-field-rule-note = Informacja
console-field-rule-note-hint = Jeden wiersz dodawany do wiadomości; może być pusty.
console-task-provisioning-rule-new = Dodaj regułę
console-task-provisioning-rule-new-text = Zanim cokolwiek się zmieni, widać, kogo to dotyczy.
console-task-provisioning-rule-edit = Edytuj regułę
console-task-provisioning-rule-up = Przesuń regułę w górę
console-task-provisioning-rule-up-text = Reguła będzie sprawdzana przed tą, która jest nad nią.
console-task-provisioning-rule-down = Przesuń regułę w dół
console-task-provisioning-rule-down-text = Reguła będzie sprawdzana po tej, która jest pod nią.
console-task-provisioning-rule-remove = Usuń regułę
console-task-provisioning-rule-remove-text = Nikt już nic przez nią nie dostaje. To, co dała, zostaje u tych, którzy to mają.
console-field-users = Nazwy logowania
console-field-users-hint = Po jednej w wierszu, najwyżej 1000. Jeśli podano grupę, należy zostawić to pole puste.
console-field-group-hint = Wszyscy jej członkowie, także członkowie grup, które się w niej znajdują.
console-field-stop_date = Ostatni dzień
console-field-stop_date-hint = Można się zarejestrować do końca tego dnia (w czasie UTC): w ciągu 90 dni.
console-field-note = Informacja dla użytkowników
console-field-note-hint = Znajdzie się w wiadomości; jeden wiersz.
console-done-provisioned = Zadanie zostało utworzone. Wiadomości będą wysyłane stopniowo.
console-done-resent = Nowa wiadomość zostanie za chwilę wysłana.
console-done-resent-all = Wszyscy, którzy się nie zarejestrowali, dostaną nową wiadomość. Wiadomości będą wysyłane stopniowo.
console-done-task-removed = Zadanie zostało usunięte. Nieużyte linki są nieważne.
