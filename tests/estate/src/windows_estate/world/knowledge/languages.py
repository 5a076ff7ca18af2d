# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Windows is called in other languages: built-in groups and accounts, and a few program messages. SIDs are the same everywhere.

The localised name of the group of Remote Assistance helpers is found in no public source: the German and the French one here are decisions
of the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ADMINISTRATORS: Final = "S-1-5-32-544"
USERS: Final = "S-1-5-32-545"
GUESTS: Final = "S-1-5-32-546"
BACKUP_OPERATORS: Final = "S-1-5-32-551"
REMOTE_DESKTOP_USERS: Final = "S-1-5-32-555"
NETWORK_OPERATORS: Final = "S-1-5-32-556"
PERFORMANCE_MONITOR_USERS: Final = "S-1-5-32-558"
DCOM_USERS: Final = "S-1-5-32-562"
EVENT_LOG_READERS: Final = "S-1-5-32-573"
REMOTE_MANAGEMENT_USERS: Final = "S-1-5-32-580"

EVERYONE: Final = "S-1-1-0"
SYSTEM: Final = "S-1-5-18"
AUTHENTICATED_USERS: Final = "S-1-5-11"
INTERACTIVE: Final = "S-1-5-4"


@dataclass(frozen=True)
class Language:
    """Names by SID, or by RID for the local accounts that every machine has; `oem_code_page` of the console."""

    tag: str
    oem_code_page: str
    builtin_domain: str
    builtin_groups: dict[str, str]
    well_known: dict[str, str]
    local_users: dict[int, str]
    helpers_group: str
    remote_control_group: str
    gpupdate: tuple[str, str]
    task_not_found: str
    task_started: str
    task_changed: str
    task_states: dict[str, str]
    task_columns: tuple[str, str, str]


ENGLISH: Final = Language(
    tag="en-US",
    oem_code_page="437",
    builtin_domain="BUILTIN",
    builtin_groups={
        ADMINISTRATORS: "Administrators",
        USERS: "Users",
        GUESTS: "Guests",
        BACKUP_OPERATORS: "Backup Operators",
        REMOTE_DESKTOP_USERS: "Remote Desktop Users",
        NETWORK_OPERATORS: "Network Configuration Operators",
        PERFORMANCE_MONITOR_USERS: "Performance Monitor Users",
        DCOM_USERS: "Distributed COM Users",
        EVENT_LOG_READERS: "Event Log Readers",
        REMOTE_MANAGEMENT_USERS: "Remote Management Users",
    },
    well_known={
        EVERYONE: "Everyone",
        INTERACTIVE: "NT AUTHORITY\\INTERACTIVE",
        "S-1-5-7": "NT AUTHORITY\\ANONYMOUS LOGON",
        AUTHENTICATED_USERS: "NT AUTHORITY\\Authenticated Users",
        SYSTEM: "NT AUTHORITY\\SYSTEM",
        "S-1-5-19": "NT AUTHORITY\\LOCAL SERVICE",
        "S-1-5-20": "NT AUTHORITY\\NETWORK SERVICE",
        "S-1-5-113": "NT AUTHORITY\\Local account",
        "S-1-5-114": "NT AUTHORITY\\Local account and member of Administrators group",
    },
    local_users={500: "Administrator", 501: "Guest", 503: "DefaultAccount"},
    helpers_group="Offer Remote Assistance Helpers",
    remote_control_group="ConfigMgr Remote Control Users",
    gpupdate=("Updating policy...", "Computer Policy update has completed successfully."),
    task_not_found="ERROR: The system cannot find the file specified.",
    task_started='SUCCESS: Attempted to run the scheduled task "{}".',
    task_changed='SUCCESS: The parameters of scheduled task "{}" have been changed.',
    task_states={"Ready": "Ready", "Running": "Running", "Disabled": "Disabled"},
    task_columns=("TaskName", "Next Run Time", "Status"),
)

GERMAN: Final = Language(
    tag="de-DE",
    oem_code_page="850",
    builtin_domain="VORDEFINIERT",
    builtin_groups={
        ADMINISTRATORS: "Administratoren",
        USERS: "Benutzer",
        GUESTS: "Gäste",
        BACKUP_OPERATORS: "Sicherungs-Operatoren",
        REMOTE_DESKTOP_USERS: "Remotedesktopbenutzer",
        NETWORK_OPERATORS: "Netzwerkkonfigurations-Operatoren",
        PERFORMANCE_MONITOR_USERS: "Systemmonitorbenutzer",
        DCOM_USERS: "Distributed COM-Benutzer",
        EVENT_LOG_READERS: "Ereignisprotokollleser",
        REMOTE_MANAGEMENT_USERS: "Remoteverwaltungsbenutzer",
    },
    well_known={
        EVERYONE: "Jeder",
        INTERACTIVE: "NT-AUTORITÄT\\INTERAKTIV",
        "S-1-5-7": "NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG",
        AUTHENTICATED_USERS: "NT-AUTORITÄT\\Authentifizierte Benutzer",
        SYSTEM: "NT-AUTORITÄT\\SYSTEM",
        "S-1-5-19": "NT-AUTORITÄT\\LOKALER DIENST",
        "S-1-5-20": "NT-AUTORITÄT\\NETZWERKDIENST",
        "S-1-5-113": "NT-AUTORITÄT\\Lokales Konto",
        "S-1-5-114": 'NT-AUTORITÄT\\Lokales Konto und Mitglied der Gruppe "Administratoren"',
    },
    local_users={500: "Administrator", 501: "Gast", 503: "DefaultAccount"},
    helpers_group="Remoteunterstützungsanbieter",
    remote_control_group="ConfigMgr-Remotesteuerungsbenutzer",
    gpupdate=("Die Richtlinie wird aktualisiert...", "Die Aktualisierung der Computerrichtlinie wurde erfolgreich abgeschlossen."),
    task_not_found="FEHLER: Das System kann die angegebene Datei nicht finden.",
    task_started='ERFOLGREICH: Es wurde versucht, die geplante Aufgabe "{}" auszuführen.',
    task_changed='ERFOLGREICH: Die Parameter der geplanten Aufgabe "{}" wurden geändert.',
    task_states={"Ready": "Bereit", "Running": "Wird ausgeführt", "Disabled": "Deaktiviert"},
    task_columns=("Aufgabenname", "Nächste Laufzeit", "Status"),
)

FRENCH: Final = Language(
    tag="fr-FR",
    oem_code_page="850",
    builtin_domain="BUILTIN",
    builtin_groups={
        ADMINISTRATORS: "Administrateurs",
        USERS: "Utilisateurs",
        GUESTS: "Invités",
        BACKUP_OPERATORS: "Opérateurs de sauvegarde",
        REMOTE_DESKTOP_USERS: "Utilisateurs du Bureau à distance",
        NETWORK_OPERATORS: "Opérateurs de configuration réseau",
        PERFORMANCE_MONITOR_USERS: "Utilisateurs de l’Analyseur de performances",
        DCOM_USERS: "Utilisateurs du modèle COM distribué",
        EVENT_LOG_READERS: "Lecteurs des journaux d’événements",
        REMOTE_MANAGEMENT_USERS: "Utilisateurs de gestion à distance",
    },
    well_known={
        EVERYONE: "Tout le monde",
        INTERACTIVE: "AUTORITE NT\\INTERACTIF",
        "S-1-5-7": "AUTORITE NT\\ANONYMOUS LOGON",
        AUTHENTICATED_USERS: "AUTORITE NT\\Utilisateurs authentifiés",
        SYSTEM: "AUTORITE NT\\Système",
        "S-1-5-19": "AUTORITE NT\\SERVICE LOCAL",
        "S-1-5-20": "AUTORITE NT\\SERVICE RÉSEAU",
        "S-1-5-113": "AUTORITE NT\\Compte local",
        "S-1-5-114": "AUTORITE NT\\Compte local et membre du groupe Administrateurs",
    },
    local_users={500: "Administrateur", 501: "Invité", 503: "DefaultAccount"},
    helpers_group="Fournisseurs d’assistance à distance",
    remote_control_group="Utilisateurs du contrôle à distance ConfigMgr",
    gpupdate=("Mise à jour de la stratégie...", "La mise à jour de la stratégie d’ordinateur s’est terminée sans erreur."),
    task_not_found="ERREUR : Le fichier spécifié est introuvable.",
    task_started="Opération réussie : tentative d’exécution de la tâche planifiée «{}».",
    task_changed="Opération réussie : les paramètres de la tâche planifiée «{}» ont été modifiés.",
    task_states={"Ready": "Prêt", "Running": "En cours d’exécution", "Disabled": "Désactivé"},
    task_columns=("Nom de la tâche", "Prochaine exécution", "Statut"),
)

LANGUAGES: Final = {language.tag: language for language in (ENGLISH, GERMAN, FRENCH)}
