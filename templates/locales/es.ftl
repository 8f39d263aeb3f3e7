# Los textos de las páginas y los correos en español.

## El marco de cada página
title-error = Error
title-step = Paso { $step }
progress-step = Paso { $step } de { $of }
frame-language = Idioma
frame-language-change = Cambiar
frame-help = Ayuda y soporte
frame-cancel = Cancelar y cerrar sesión
frame-signed-in = Sesión iniciada como { $name }
frame-continue = Continuar
frame-back = Atrás
frame-finish-by = Termine antes de las { $time }.
contact = Contactar con el servicio de asistencia

## W0: nombre de usuario, contraseña
signin-submit = Iniciar sesión
signin-as = Inicio de sesión como { $name }
signin-switch = Cambiar de usuario
name-title = Iniciar sesión en { $app }
name-title-portal = Iniciar sesión
name-label = Nombre de usuario
name-remember = Recordar mi nombre de usuario en este dispositivo
name-remember-hint = No lo marque en un equipo que también usen otras personas.
password-title = Introduzca su contraseña
password-label = Contraseña
password-show = Mostrar
password-hide = Ocultar

## Código de un solo uso de un autenticador
passcode-title = Introduzca su código de un solo uso
passcode-text = Abra su aplicación de autenticación e introduzca el código que muestra en este momento.
passcode-label = Código de un solo uso
passcode-hint = { $digits ->
    [one] { $digits } dígito
   *[other] { $digits } dígitos
}
passcode-enrolment-hint = ¿Espera un correo de inscripción? Mire en su bandeja de entrada o pida ayuda.
passcode-suspended-title = Su autenticador está suspendido
passcode-suspended = No se puede usar para iniciar sesión hasta que se reactive.

## W1: necesita un autenticador
need-title = Necesita un autenticador
need-text = { $app } pide un código de un solo uso. Usted todavía no tiene un autenticador. Configurarlo lleva unos tres minutos.
need-text-portal = Aquí se pide un código de un solo uso. Usted todavía no tiene un autenticador. Configurarlo lleva unos tres minutos.
need-list = Necesita:
need-email = acceso a su correo electrónico
need-device = un teléfono o este equipo
need-submit = Añadir autenticador
need-mail = Enviaremos un código a su dirección de correo.
need-mail-masked = Enviaremos un código a su dirección de correo, { $address }.

## W2: revise su correo
code-title = Revise su correo
code-title-failed = No hemos podido enviarle un código
code-title-blocked = Por hoy no es posible continuar
code-sent = Hemos enviado un código a su dirección de correo.
code-sent-masked = Hemos enviado un código a { $address }.
code-patience = Puede tardar un minuto; mire también en la carpeta de correo no deseado.
code-newest = Use el mensaje más reciente, enviado a las { $time }.
code-valid-until = Su código es válido hasta las { $time }.
code-sending = Estamos enviando un código a su dirección de correo. Esta página le avisará cuando haya salido.
code-sending-masked = Estamos enviando un código a { $address }. Esta página le avisará cuando haya salido.
code-label = Código de verificación
code-resend = Enviar un código nuevo
code-resend-wait = Podrá pedir un código nuevo dentro de { $time }.
code-resend-ready = Ya puede pedir un código nuevo.
code-retry = Reintentar
code-no-access = ¿No tiene acceso a este correo?
code-ask-help = Sin un código no es posible continuar aquí.

## W3, W4: dónde instalarlo
kind-title = ¿Dónde quiere instalarlo?
kind-text = Elija el dispositivo que tenga siempre a mano al iniciar sesión.
device-title = ¿Qué dispositivo?
choice-mobile = En un dispositivo móvil
choice-mobile-hint = iPhone, iPad o Android
choice-ios = iPhone o iPad
choice-ios-hint = iOS o iPadOS
choice-android = Android
choice-android-hint = Teléfono o tableta
choice-windows-mobile = Windows 10 Mobile
choice-windows-mobile-hint = Teléfono
choice-windows-desktop = En este equipo
choice-windows-desktop-hint = Windows 10 o posterior
device-ios = iPhone o iPad
device-android = dispositivo Android
device-windows-mobile = teléfono con Windows 10 Mobile
device-windows-desktop = equipo con Windows

## W5: poner la clave en la aplicación
install-title-ios = Configure su iPhone o iPad
install-title-android = Configure su dispositivo Android
install-title-windows-mobile = Configure su teléfono con Windows
install-title-windows-desktop = Configure este equipo
install-app-ios = Instale una aplicación de autenticación desde el App Store, por ejemplo Google Authenticator, Microsoft Authenticator, 2FAS o FreeOTP. También sirve la aplicación Contraseñas, incluida en iOS.
install-app-android = Instale una aplicación de autenticación desde Google Play, por ejemplo Google Authenticator, Microsoft Authenticator, Aegis o 2FAS.
install-app-windows-mobile = Instale una aplicación de autenticación desde Microsoft Store, por ejemplo Microsoft Authenticator.
install-app-windows-desktop = Instale una aplicación de autenticación, por ejemplo KeePassXC, o 2fast desde Microsoft Store.
install-add-mobile = En la aplicación, añada una cuenta y apunte con la cámara al código QR.
install-add-desktop = En la aplicación, añada una cuenta (en KeePassXC: configure TOTP para una entrada) y pegue la clave que figura más abajo.
install-then = La aplicación muestra entonces un código de seis dígitos, uno nuevo cada 30 segundos. Elija «Continuar» para iniciar sesión con él.
install-qr-alt = Código QR. Si no puede escanearlo, use el enlace o la clave de esta página.
install-open = Abrir en la aplicación de este dispositivo
install-open-hint = Si su aplicación de autenticación está en el dispositivo en el que lee esto.
install-key = ¿No puede escanear? Escriba o pegue esta clave:
install-copy = Copiar
install-copied = La clave se ha copiado.
install-copy-failed = No se ha podido copiar la clave. Selecciónela y cópiela a mano.
install-account = Cuenta
install-issuer = Emisor
install-type = Tipo
install-type-value = Basado en el tiempo, 6 dígitos, 30 segundos, SHA-1
install-valid-until = Código válido hasta las { $time }.
install-private = No se lo enseñe a nadie: quien lo tenga puede generar sus códigos de un solo uso.
install-new-code = Código nuevo
install-new-code-hint = El código anterior dejará de funcionar. Si ya está en una aplicación, borre allí esa entrada.
install-expired = Este código ha caducado y ya no se muestra. Pida uno nuevo. Si ya añadió el anterior a una aplicación, borre allí esa entrada.

## W7, W8: listo
ready-title = Su autenticador está listo
ready-added = Añadido: { $device }, { $time }
ready-sign-in = Inicie sesión con él
ready-text = Introduzca el código que su autenticador muestra en este momento.
ready-back = Mostrar el código otra vez

## El final de un inicio de sesión
ended-cancelled-title = Ha cerrado la sesión
ended-cancelled = El inicio de sesión se ha cancelado. No se ha añadido nada a su cuenta.
ended-superseded-title = Continuado en otro lugar
ended-superseded = Ha continuado en otro navegador o en otro dispositivo. Lo que se mostraba aquí ya no es válido.
ended-expired-title = Su inicio de sesión ha caducado
ended-expired = Por su seguridad, un inicio de sesión debe terminarse en un tiempo limitado.
ended-again = Empezar de nuevo

## Avisos
notice-problem = Hay un problema
notice-not-accepted = El nombre de usuario o la contraseña no son correctos. Inténtelo de nuevo.
notice-passcode-not-accepted = Código no aceptado. Espere al siguiente e introdúzcalo.
notice-clock-hint = ¿Se rechaza una y otra vez? Compruebe que el reloj de su dispositivo se ajusta automáticamente: los códigos dependen de la hora.
notice-passcode-used = Este código ya se ha usado. Espere al siguiente.
notice-account-locked = Demasiados intentos fallidos con esta cuenta. Inténtelo de nuevo después de las { $time }.
notice-account-locked-way = Puede iniciar sesión ahora mismo en un navegador en el que ya haya iniciado sesión antes. Si los intentos no fueron suyos, avise al servicio de asistencia.
notice-locked = Demasiados intentos fallidos. Inténtelo de nuevo después de las { $time }.
notice-code-wrong = { $tries ->
    [one] Ese código no es correcto. Queda { $tries } intento.
   *[other] Ese código no es correcto. Quedan { $tries } intentos.
}
notice-code-expired = Este código ha caducado. Pida uno nuevo.
notice-code-void = Demasiados códigos incorrectos. Pida un código nuevo.
notice-code-limit = Demasiados códigos solicitados. Inténtelo de nuevo después de las { $time }.
notice-code-day-limit = Demasiados códigos incorrectos por hoy. Podrá volver a intentarlo a partir de esta hora: { $time }.
notice-no-email = No consta ninguna dirección de correo suya, así que no se puede enviar ningún código. El servicio de asistencia puede añadirla.
notice-mail-failed = No se ha podido enviar el correo. Inténtelo de nuevo; recibirá el mismo código.
notice-code-sent-again = Se ha enviado un código nuevo. Los anteriores ya no funcionan.
notice-choose-target = Elija uno de los dispositivos.
notice-empty-name = Introduzca su nombre de usuario.
notice-empty-password = Introduzca su contraseña.
notice-empty-passcode = Introduzca el código de un solo uso.
notice-empty-code = Introduzca el código de verificación.
notice-stale-form = Ya había completado ese paso. Este es el paso actual.
notice-no-longer-offered = Ya no puede añadir un autenticador por su cuenta. El servicio de asistencia le indicará cómo obtener uno.

## La página de inicio del portal
start-title = Sus aplicaciones
start-welcome = Le damos la bienvenida, { $name }
start-empty = Todavía no hay aplicaciones para usted aquí.
start-sign-out = Cerrar sesión

## Páginas que dicen una sola cosa
message-status = Error
message-request = ID de la solicitud
message-continue = Ir a la página de inicio
message-sign-in-again = Iniciar sesión de nuevo
message-denied-title = No tiene acceso
message-denied = La política de acceso no le permite entrar aquí. Si cree que debería, solicite acceso.
message-denied-app = La política de acceso no le permite entrar en { $app }. Si cree que debería, solicite acceso.
message-cross-site-title = No se puede aceptar este formulario
message-cross-site = No procede de una de nuestras páginas, o la página estuvo abierta demasiado tiempo. Vuelva atrás, recargue la página e inténtelo de nuevo.
message-bad-request-title = No ha funcionado
message-bad-request = No se ha podido entender la solicitud. Vuelva atrás e inténtelo de nuevo.
message-not-found-title = Página no encontrada
message-not-found = No hay ninguna página en esta dirección. Compruebe la dirección o empiece por la página de inicio.
message-method-title = Eso no se puede hacer aquí
message-method = Esta dirección no acepta ese tipo de solicitudes.
message-too-large-title = Demasiado grande
message-too-large = Lo que se ha enviado supera el tamaño que se acepta aquí.
message-unknown-host-title = Sitio desconocido
message-unknown-host = Aquí no hay ningún sitio con ese nombre. Compruebe la dirección.
message-address-waits-title = Su red tiene que esperar
message-address-waits = Desde su red se han iniciado o han fallado demasiados inicios de sesión. Inténtelo de nuevo después de las { $time }.
message-address-waits-way = Con un navegador en el que ya haya iniciado sesión antes puede continuar ahora mismo.
message-too-many-title = Demasiadas solicitudes
message-too-many = Han llegado demasiadas solicitudes desde su red. Espere un minuto e inténtelo de nuevo.
message-upstream-title = La aplicación no responde
message-upstream = En este momento no se puede acceder a la aplicación. Inténtelo de nuevo dentro de unos minutos.
message-upstream-timeout-title = La aplicación tarda demasiado
message-upstream-timeout = La aplicación no ha respondido a tiempo. Inténtelo de nuevo dentro de unos minutos.
message-unavailable-title = Volvemos enseguida
message-unavailable = El inicio de sesión no está disponible en este momento. No se ha modificado nada. Inténtelo de nuevo dentro de un minuto.
message-internal-title = Algo ha fallado
message-internal = El error es nuestro y ha quedado registrado. Inténtelo de nuevo; si se repite, indique al servicio de asistencia el ID de la solicitud.
message-signed-out-title = Ha cerrado la sesión
message-signed-out = Ha cerrado la sesión en todas las aplicaciones. Cierre el navegador si otras personas usan también este equipo.
message-dispute-look-title = ¿Ha sido usted?
message-dispute-look = Se ha añadido un autenticador a su cuenta: { $device }, { $time }.
message-dispute-look-effect = Si no ha sido usted, suspéndalo ahora. Se cerrarán todas sus sesiones.
message-dispute-look-you = Si ha sido usted, cierre esta página sin más. No cambia nada.
message-dispute-submit = No he sido yo: suspender
message-dispute-done-title = El autenticador está suspendido
message-dispute-done = Ya no se puede usar y se han cerrado todas sus sesiones. Cambie su contraseña y cuente al servicio de asistencia lo ocurrido.
message-dispute-gone-title = Este enlace ya no funciona
message-dispute-gone = Ya se ha usado o tiene más de siete días. Si en su cuenta hay un autenticador que no es suyo, avise de inmediato al servicio de asistencia.

## Correo: el código de verificación
mail-automatic = Este mensaje se ha enviado automáticamente. Las respuestas no se leen.
mail-sent = Enviado: { $time }.
mail-code-subject = Su código de verificación para { $brand }
mail-code-title = Su código de verificación
mail-code-intro = Está añadiendo un autenticador a su cuenta. Introduzca este código en la página que lo pide:
mail-code-intro-app = Está añadiendo un autenticador a su cuenta para iniciar sesión en { $app }. Introduzca este código en la página que lo pide:
mail-code-valid = { $minutes ->
    [one] El código es válido durante { $minutes } minuto, una sola vez y solo en el navegador en el que lo pidió.
   *[other] El código es válido durante { $minutes } minutos, una sola vez y solo en el navegador en el que lo pidió.
}
mail-code-never = Nadie le pedirá nunca este código, ni por teléfono ni por correo. No se lo dé a nadie.
mail-code-not-you = Si no lo ha pedido usted, no haga nada: sin este código no se añade nada a su cuenta. Si vuelve a ocurrir, avise al servicio de asistencia.

## Correo: se ha añadido un autenticador
mail-notice-subject = Se ha añadido un autenticador a su cuenta de { $brand }
mail-notice-title = Se ha añadido un autenticador a su cuenta
mail-notice-intro = A partir de ahora se puede usar para iniciar sesión en { $brand } con su nombre de usuario.
mail-notice-device = Dispositivo
mail-notice-when = Fecha y hora
mail-notice-address = Dirección de red
mail-notice-you = Si ha sido usted, no tiene que hacer nada.
mail-notice-not-you = ¿No ha sido usted? Abra este enlace y confirme. El autenticador se suspende de inmediato y se cierran todas sus sesiones.
mail-notice-button = No he sido yo
mail-notice-valid = El enlace funciona una sola vez, durante siete días.
